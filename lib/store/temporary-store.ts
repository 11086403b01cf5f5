import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgetSettings } from '../settings/settings.ts'
import { closeStore, openStore } from './store.ts'

/** For tests: an empty database in a folder of its own, brought up to date. `remove` closes it and takes the folder away. */
export async function openTemporaryStore(): Promise<{ directory: string; remove(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'kf-store-'))
  process.env.KEYFRAME_DATA = directory
  forgetSettings()
  await openStore()
  return {
    directory,
    async remove() {
      await closeStore()
      rmSync(directory, { recursive: true })
    },
  }
}
