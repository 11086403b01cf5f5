/**
 * `npm run rotate`, with the variables and as the user that Keyframe runs with, while it is stopped: a new master key, with which all
 * that is stored is written again.
 */
import { settings } from '../settings/settings.ts'
import { rotateKey } from './rotate-key.ts'
import { closeStore, hasStore, openStore } from './store.ts'

try {
  if (process.argv.length > 2) throw new Error('This command takes no words after it: npm run rotate')
  if (!hasStore())
    throw new Error(
      `There is no Keyframe database in ${settings().dataDirectory}. Set KEYFRAME_DATA as Keyframe runs with it.`,
    )
  // Also where the key is lost: what it encrypted is named below.
  await openStore({ withAnyKey: true })
  const { written, unreadable } = await rotateKey()
  await closeStore()
  process.stdout.write(
    `keyframe: the key is new, and ${written === 1 ? '1 secret is' : `${written} secrets are`} written with it. Everybody signs in again, and gives the passwords of share links again. Backups are signed with it by themselves. Copies that npm run save made before hold the key of before.\n`,
  )
  for (const owner of unreadable)
    process.stdout.write(
      `keyframe: ${owner} could not be read with the key of before, and was left as it is. Give its secret again on its page.\n`,
    )
} catch (error) {
  process.stderr.write(`keyframe: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
