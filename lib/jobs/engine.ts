import 'server-only'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { OpenWorkflow, type Worker } from 'openworkflow'
import { BackendSqlite } from 'openworkflow/sqlite'
import { perProcess } from '../server/per-process.ts'
import { settings } from '../settings/settings.ts'

/** Runs at once: far above what the queues of all hosts let through, for a job that waits for its host holds a place. */
const CONCURRENCY = 500

export interface Engine {
  workflows: OpenWorkflow
  /** Null in a process that only starts jobs before the worker is up. */
  worker: Worker | null
  backend: BackendSqlite
}

const shared = perProcess<{ engine?: Engine }>('jobs/engine', () => ({}))

/** The job engine's file is its own: its connection has no busy timeout (lib/README.md, “Choices”). */
const enginePath = () => join(settings().dataDirectory, 'jobs.db')

/** The engine of this process, opened on first use. */
export function engine(): Engine {
  if (!shared.engine) {
    const backend = BackendSqlite.connect(enginePath())
    shared.engine = { backend, workflows: new OpenWorkflow({ backend }), worker: null }
  }
  return shared.engine
}

/**
 * Starts the worker. What a process that died held is released first: a lease would keep it for 30 s more,
 * and this process alone owns the data (lib/store holds the lock).
 */
export async function startWorker(): Promise<void> {
  const { workflows } = engine()
  releaseLeases()
  const worker = workflows.newWorker({ concurrency: CONCURRENCY })
  engine().worker = worker
  await worker.start()
}

/** What became of the run with this key, however old it is: the engine itself forgets keys after 24 h. null: there is none. */
export function runStatus(key: string): 'live' | 'over' | null {
  const database = new DatabaseSync(enginePath(), { readOnly: true })
  try {
    const row = database
      .prepare('SELECT status FROM workflow_runs WHERE idempotency_key = ? ORDER BY created_at DESC LIMIT 1')
      .get(key) as { status: string } | undefined
    if (row === undefined) return null
    return ['pending', 'running', 'sleeping'].includes(row.status) ? 'live' : 'over'
  } finally {
    database.close()
  }
}

function releaseLeases(): void {
  const database = new DatabaseSync(enginePath())
  try {
    database
      .prepare(`UPDATE workflow_runs SET available_at = ? WHERE status = 'running'`)
      .run(new Date().toISOString())
  } finally {
    database.close()
  }
}

/** Runs what was just created now, not at the worker's next look (up to 1 s later). */
export async function wakeWorker(): Promise<void> {
  await engine().worker?.tick()
}

/** Stops taking runs up, for a process that goes on without the engine. Runs in progress are left to the next start. */
export async function stopJobs(): Promise<void> {
  const open = shared.engine
  delete shared.engine
  await open?.worker?.stop()
  await open?.backend.stop()
}
