import { run } from './run-command.ts'

/** Node's own copy fills the holes of a disk image: 256 MB written for 6 MB of data, and a raw disk that shows as full. */
export async function copySparse(from: string, to: string): Promise<void> {
  await run('cp', ['--sparse=always', '--reflink=auto', from, to])
}
