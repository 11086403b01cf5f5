import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashPassword } from '../../lib/access/password.ts'
import { createUser } from '../../lib/access/users.ts'
import { store } from '../../lib/store/store.ts'
import { openTemporaryStore } from '../../lib/store/temporary-store.ts'
import { run } from '../../lib/testing/lab/run-command.ts'
import { adminPasswordFits } from './admin-password-fits.ts'
import { readyLines } from './ready-lines.ts'

const READY = { port: 3000, socketPath: '/s', wasRunning: true }

describe('whether the password of the file still fits', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeEach(async () => {
    temporary = await openTemporaryStore()
    await createUser('admin', 'as the file says', 'admin')
  })
  afterEach(() => temporary.remove())
  const change = (values: { password_hash?: string; disabled?: number }) =>
    store().updateTable('users').set(values).where('name', '=', 'admin').execute()

  it('as it was made it does', async () => {
    expect(await adminPasswordFits('as the file says')).toBe(true)
  })

  it('the command tells it beside the app that holds the data', async () => {
    const file = join(temporary.directory, 'password')
    const said = () =>
      run(
        process.execPath,
        [
          '--conditions=react-server',
          '--disable-warning=ExperimentalWarning',
          fileURLToPath(new URL('demo-password.ts', import.meta.url)),
          file,
        ],
        { env: { ...process.env, KEYFRAME_DATA: temporary.directory } },
      )
    writeFileSync(file, 'as the file says')
    expect(await said()).toBe('fits')
    writeFileSync(file, 'of an older demo')
    expect(await said()).toBe('changed')
  })

  it('after a change, without a password and for a user who is disabled or gone it does not', async () => {
    await change({ password_hash: await hashPassword('another one') })
    expect(await adminPasswordFits('as the file says')).toBe(false)
    await change({ password_hash: await hashPassword('as the file says'), disabled: 1 })
    expect(await adminPasswordFits('as the file says')).toBe(false)
    await store().deleteFrom('users').execute()
    expect(await adminPasswordFits('as the file says')).toBe(false)
  })
})

it('prints a password that fits, and says how to start over where it does not', () => {
  expect(readyLines({ ...READY, password: 'secret' })).toEqual([
    'Keyframe is ready: http://127.0.0.1:3000  (user admin, password secret)',
    "Its libvirt: virsh -c 'qemu:///session?socket=/s'",
  ])
  expect(readyLines({ ...READY, password: null }).slice(0, 2)).toEqual([
    'Keyframe is ready: http://127.0.0.1:3000  (user admin)',
    'The password was changed since. `npm run demo -- --reset` starts over.',
  ])
})
