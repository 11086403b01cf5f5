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
    `keyframe: the key is changed, and ${written === 1 ? '1 stored secret is' : `${written} stored secrets are`} encrypted with the new one. Everybody must sign in again, and readers of share links must give their password again. Backups are signed with the new key when Keyframe next looks at their target. Copies made earlier by npm run save still hold the old key.\n`,
  )
  for (const owner of unreadable)
    process.stdout.write(
      `keyframe: ${owner} could not be read with the old key, and was left as it is. Give its secret again on its page.\n`,
    )
} catch (error) {
  process.stderr.write(`keyframe: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
