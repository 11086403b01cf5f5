import { posix } from 'node:path'
import type { JobKind, JobView } from '../jobs/types.ts'
import { isTarget, type JobSubject } from './job-subject.ts'
import type { PathNames } from './path-names.ts'

// A job's own title, note, error, result and names of steps may name hosts, backup targets, other VMs and users, and quote
// libvirt, which names whatever it likes. A share says how the job stands in words that are made here.

/** What a kind of job is called inside of a sentence. */
const NOUN: Record<JobKind, string> = {
  snapshot: 'snapshot',
  merge: 'merge',
  revert: 'revert',
  delete: 'delete',
  start: 'start',
  shutdown: 'shutdown',
  resume: 'resume',
  thaw: 'thaw',
  repair: 'repair',
  backup: 'backup',
  'backup-copy': 'backup',
  'backup-check': 'check of the backup',
  'backup-remove': 'removal of backups',
  restore: 'restore',
  'restore-in-place': 'restore',
  'restore-end': 'end of the restore',
}
const REPAIRS: Record<string, string> = {
  'finish-delete': 'Finish the delete of a snapshot',
  'remove-file': 'Remove a file that nothing uses',
  'align-next-start': 'Use the files of now for the next start',
  'rescue-disk': 'Save a disk to a new file',
  'set-backing-format': 'Record a backing format',
}

/** A job's title, of its kind and of what is the share's own. */
export function jobTitle(kind: JobKind, subject: JobSubject, names: PathNames): string {
  const snapshot = subject.snapshots.at(-1) ?? 'a snapshot'
  switch (kind) {
    case 'merge':
      return subject.merges.length === 0
        ? 'Merge'
        : `Merge ${subject.merges.map((merge) => mergeWords(merge, names)).join('; ')}`
    case 'snapshot':
      return `Take snapshot${subject.snapshots.length === 0 ? '' : ` ${snapshot}`}`
    case 'revert':
      return `Revert to ${snapshot}`
    case 'delete':
      return `Delete ${snapshot}${subject.snapshots.length > 1 ? ' with its children' : ''}`
    case 'start':
      return 'Start'
    case 'shutdown':
      return subject.act === 'force-off' ? 'Force off' : 'Shut down'
    case 'resume':
      return subject.act === 'wake-up' ? 'Wake up' : 'Resume'
    case 'thaw':
      return 'Thaw'
    case 'repair':
      return subject.act === 'flatten'
        ? `Shorten the chain of ${subject.targets[0] ?? 'a disk'}`
        : (REPAIRS[subject.act] ?? 'Repair')
    case 'backup':
      return 'Backup'
    case 'backup-copy':
      return 'Backup by copy'
    case 'backup-check':
      return 'Check of a backup'
    case 'backup-remove':
      return 'Removal of backups'
    case 'restore':
      return 'Restore as a new VM'
    case 'restore-in-place':
      return 'Restore in place'
    case 'restore-end':
      return 'End of a restore in place'
  }
}

function mergeWords(
  { target, topPath, basePath, direction }: JobSubject['merges'][number],
  names: PathNames,
): string {
  const name = (path: string) => (names.shown ? posix.basename(path) : names.of(path))
  if (basePath === null) return `${target}: ${name(topPath)} with all below`
  // The base first: it lies below, and files are numbered from below as in the picture of a chain.
  const base = name(basePath)
  return `${target}: ${name(topPath)} ${direction === 'commit' ? 'into' : 'down to'} ${base}`
}

/** Of what a job does while it runs this is all that goes out; its percentage says the rest. */
const HOST_AWAY = /^Waiting for the host: /

/** What a job says of itself, by its kind and status. No line of it is the job's own. */
export function jobSentences({ kind, status, note }: Pick<JobView, 'kind' | 'status' | 'note'>): {
  note: string | null
  error: string | null
} {
  const why = 'Who shared this can see why in Keyframe.'
  switch (status) {
    case 'queued':
      return { note: 'It waits for its turn.', error: null }
    case 'running':
      return {
        note: HOST_AWAY.test(note ?? '') ? 'It waits for its host, which does not answer.' : null,
        error: null,
      }
    case 'waiting':
      return {
        note: 'It waits for a decision.',
        error: 'It waits for a decision. Who shared this can see in Keyframe what is to be decided.',
      }
    case 'succeeded':
      return { note: null, error: null }
    case 'failed':
      return { note: null, error: `The ${NOUN[kind]} failed. ${why}` }
    case 'cancelled':
      return { note: null, error: `The ${NOUN[kind]} was cancelled.` }
  }
}

/** Names of steps that hold nothing but words of the saga's own. */
const PLAIN_STEPS: ReadonlySet<string> = new Set([
  'abort',
  'begin',
  'begin as a full',
  'check',
  'check the chain',
  'check the plan',
  'plan the way back',
  'clear what an earlier run left',
  'compare',
  'compare with the plan',
  'create',
  'define',
  'empty the drives',
  'end',
  'fill the drives',
  'finish delete',
  'force-off',
  'let older checkpoints go',
  'look again',
  'look at the chain',
  'look at the images',
  'look what is left',
  'make the directory',
  'make the directory as a full',
  'make the files',
  'make the files as a full',
  'note it in the catalogue',
  'note the time',
  'note the verdict',
  'note what it froze',
  'plan',
  'plan as a full',
  'reconcile',
  'remember',
  'remove',
  'remove file',
  'remove the record',
  'remove what failed backups left',
  'remove what was begun',
  'resume',
  'revert',
  'revert back',
  'safety',
  'save the configuration',
  'save the configuration as a full',
  'see that every disk writes to its overlay',
  'see that no image changed',
  'see that it is off',
  'see that it stayed off',
  'settle',
  'shutdown',
  'snapshot',
  'start',
  'sweep what failed backups left',
  'switch',
  'take everything back',
  'take the limit away',
  'thaw',
  'tidy',
  'undo',
  'verify',
  'wake-up',
  'write header',
  'write the configuration',
  'write the configuration as a full',
  'write the manifest',
  'write the NVRAM',
])
/** Such as hold a disk's target, in front of a second try's number. */
const TARGET_STEP =
  /^(abort|begin|check|compare|copy|flush|let the guest go on after|merge|pause the guest for|pivot|reconcile|remember|remove the overlay of|stop the VM again after) (\S+)( back)?(, try \d{1,3})?$/
/** Such as name something else: what is said of it instead. */
const OTHER_STEPS: readonly [RegExp, string][] = [
  [/^pull into \//, 'pull into a file'],
  [/^pin /, 'name the layers of a snapshot'],
  [/^note \//, 'note the file'],
  [/^remove \//, 'remove a file'],
  [/^read the manifest of /, 'read the manifest'],
  [/^note the verdict on /, 'note the verdict'],
  [/^read /, 'read a file of the backup'],
  [/^begin to remove /, 'begin to remove a backup'],
  [/^forget /, 'forget a backup'],
  [/^remove /, 'remove a backup'],
]
const UNKNOWN_STEP = 'a step'

/** The name of a step without what may name another thing than the share's own. */
export function stepWords(name: string, subject: JobSubject): string {
  if (PLAIN_STEPS.has(name)) return name
  const deleted = /^delete (.+)$/s.exec(name)?.[1]
  if (deleted !== undefined) return subject.snapshots.includes(deleted) ? name : 'delete a snapshot'
  const [, act, target, back = '', again = ''] = TARGET_STEP.exec(name) ?? []
  if (act !== undefined) return `${act} ${isTarget(target) ? target : 'a disk'}${back}${again}`
  return OTHER_STEPS.find(([pattern]) => pattern.test(name))?.[1] ?? UNKNOWN_STEP
}
