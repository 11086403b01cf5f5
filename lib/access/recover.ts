/**
 * `npm run recover [-- NAME]`, on the server, with the variables and as the user that Keyframe runs with: prints a one-time
 * link by which an admin chooses a new password. Keyframe may run meanwhile.
 */
import { settings } from '../settings/settings.ts'
import { DataInUse } from '../store/data-lock.ts'
import { closeStore, hasStore, openStore, openStoreBeside } from '../store/store.ts'
import { recoverAdmin } from './recover-admin.ts'
import { LINK_LIFETIME_HOURS } from './setup-link.ts'

async function recover(): Promise<string> {
  const [name = null, ...more] = process.argv.slice(2)
  if (more.length > 0) return fail('one name at most: npm run recover -- NAME')
  if (!hasStore())
    return fail(
      `there is no Keyframe database in ${settings().dataDirectory}. Set KEYFRAME_DATA as Keyframe runs with it.`,
    )
  await openStore().catch((error: unknown) => {
    if (error instanceof DataInUse) return openStoreBeside()
    throw error
  })
  const { userName, link, before } = await recoverAdmin(name)
  await closeStore()
  return `keyframe: ${userName} ${before === null ? 'is an enabled admin' : `was ${before} and is an enabled admin now`}. Choose a new password here, once, within ${LINK_LIFETIME_HOURS} hours: ${link}\nkeyframe: the old password, the sessions and the earlier links of ${userName} have ended.\n`
}

function fail(sentence: string): never {
  process.stderr.write(`keyframe: ${sentence}\n`)
  process.exit(1)
}

try {
  process.stdout.write(await recover())
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}
