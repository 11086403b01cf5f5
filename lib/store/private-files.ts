import 'server-only'
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'

/** Databases in the data directory; `jobs.db` is the job engine's. */
const DATABASES = ['keyframe.db', 'jobs.db', 'lock']
/** Beside each, while it is open or after a crash. SQLite gives them the mode of their database when it makes them. */
const BESIDE = ['-wal', '-shm', '-journal']
const OWNER_ONLY = 0o600

/** Keeps Keyframe's own files to their owner, whatever the umask is and whoever made them: they hold what leads in. */
export function keepFilesPrivate(dataDirectory: string): void {
  const key = join(dataDirectory, 'secret')
  if (existsSync(key)) chmodSync(key, OWNER_ONLY)
  for (const name of DATABASES) {
    const path = join(dataDirectory, name)
    // An empty file is an empty database to SQLite, which would make it with the umask's mode. One that is there is not opened: closing it
    // would release the locks that this process may hold on it.
    if (!existsSync(path)) closeSync(openSync(path, 'a', OWNER_ONLY))
    for (const file of [path, ...BESIDE.map((end) => path + end)])
      if (existsSync(file)) chmodSync(file, OWNER_ONLY)
  }
}
