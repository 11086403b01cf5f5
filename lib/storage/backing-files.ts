import 'server-only'
import { perProcess } from '../server/per-process.ts'
import { store } from '../store/store.ts'
import type { UsedFile } from './types.ts'

/** What this process has written down already: uses are read for every page, and most are the same. */
const recorded = perProcess('storage/backing-files', () => new Set<string>())
/** SQLite takes 32,766 values in one statement. */
const ROWS_AT_ONCE = 1_000

/** Names a row. */
const keyOf = (host: string, path: string, vmUuid: string) => JSON.stringify([host, path, vmUuid])

/** Remembers for good which of the files are below the one that a disk opens, and of which VM. */
export async function recordBacking(
  host: string,
  files: readonly Pick<UsedFile, 'path' | 'uses'>[],
): Promise<void> {
  const found = new Map(
    files.flatMap(({ path, uses }) =>
      uses.flatMap(({ isBacking, vmUuid }) =>
        isBacking ? [[keyOf(host, path, vmUuid), { host, path, vm_uuid: vmUuid }] as const] : [],
      ),
    ),
  )
  const rows = [...found].filter(([key]) => !recorded.has(key))
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const some = rows.slice(at, at + ROWS_AT_ONCE)
    await store()
      .insertInto('backing_files')
      .values(some.map(([, row]) => ({ ...row, seen_at_ms: Date.now() })))
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    for (const [key] of some) recorded.add(key)
  }
}

/** Those of the files that another VM had below its disk at any time that Keyframe knows of. */
export async function readTemplates(
  host: string,
  vmUuid: string,
  paths: readonly string[],
): Promise<string[]> {
  if (paths.length === 0) return []
  const rows = await store()
    .selectFrom('backing_files')
    .select('path')
    .distinct()
    .where('host', '=', host)
    .where('path', 'in', [...paths])
    .where('vm_uuid', '!=', vmUuid)
    .execute()
  return rows.map((row) => row.path)
}

/** The files are gone: others of the same names would inherit what is known of them. */
export async function forgetBacking(host: string, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return
  await store()
    .deleteFrom('backing_files')
    .where('host', '=', host)
    .where('path', 'in', [...paths])
    .execute()
  for (const key of recorded) {
    const [ofHost, path] = JSON.parse(key) as [string, string, string]
    if (ofHost === host && paths.includes(path)) recorded.delete(key)
  }
}
