import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { readSetupToken, takeSetupToken } from './setup-link.ts'
import { countTry } from './throttle.ts'
import { createUser } from './users.ts'

const GUESS = { kind: 'user', name: 'ann', address: '198.51.100.1', known: null } as const
const command = fileURLToPath(new URL('recover.ts', import.meta.url))

/** The command as a process of its own; ours holds the data meanwhile, as Keyframe does. */
async function recover(dataDirectory: string, ...names: string[]) {
  const child = spawn(
    process.execPath,
    ['--conditions=react-server', '--disable-warning=ExperimentalWarning', command, ...names],
    {
      env: {
        NODE_ENV: 'production',
        PATH: process.env.PATH,
        KEYFRAME_DATA: dataDirectory,
        KEYFRAME_URL: 'https://keyframe.example',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ])
  return { code, stdout, stderr }
}

describe('npm run recover', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  beforeAll(async () => {
    temporary = await openTemporaryStore()
  })
  afterAll(() => temporary.remove())

  it('prints a link that the Keyframe that runs takes at once', async () => {
    const ann = await createUser('ann', 'a lost password', 'admin')
    await store().updateTable('users').set({ disabled: 1 }).where('id', '=', ann.id).execute()
    for (let time = 0; time < 5; time++) await countTry(GUESS)
    expect(await countTry(GUESS)).toMatchObject({ waitMinutes: 5 })
    const { code, stdout, stderr } = await recover(temporary.directory)
    expect([code, stderr]).toEqual([0, ''])
    const token =
      /^keyframe: ann was a disabled admin and is an enabled admin now\. Choose a new password here, once, within 24 hours: https:\/\/keyframe\.example\/setup\/(\S+)\nkeyframe: the old password, the sessions and the earlier links of ann have ended\.\n$/.exec(
        stdout,
      )?.[1] ?? ''
    expect(await readSetupToken(token)).toEqual({ userName: 'ann' })
    // And it forgets who was kept out, without a start.
    expect(await countTry(GUESS)).toHaveProperty('right')
    expect(await takeSetupToken(token, 'a new password')).toEqual(ann)
    expect(await store().selectFrom('audit').select(['user_name', 'act', 'subject_user']).execute()).toEqual([
      { user_name: '(server)', act: 'user.recover', subject_user: 'ann' },
    ])
  })

  it('says what to do with a name that is none, and where there is no database, and makes none', async () => {
    expect(await recover(temporary.directory, 'nobody')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^keyframe: There is no user called nobody: .*ann \(admin\)\.\n$/),
    })
    expect(await recover('/nonexistent/keyframe')).toMatchObject({
      code: 1,
      stdout: '',
      stderr:
        'keyframe: there is no Keyframe database in /nonexistent/keyframe. Set KEYFRAME_DATA as Keyframe runs with it.\n',
    })
  })
})
