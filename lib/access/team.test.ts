import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { subscribe } from '../live/hub.ts'
import type { LiveEvent } from '../live/types.ts'
import { store } from '../store/store.ts'
import { openTemporaryStore } from '../store/temporary-store.ts'
import { changePassword } from './change-password.ts'
import { changeRole } from './change-role.ts'
import { checkPassword } from './check-password.ts'
import { disableUser, enableUser } from './disable-user.ts'
import { hears } from './hears.ts'
import { inviteUser } from './invite-user.ts'
import { listUsers } from './list-users.ts'
import { recoverAdmin } from './recover-admin.ts'
import { renewLink } from './renew-link.ts'
import { createSession, readSession } from './sessions.ts'
import { createSetupToken, LINK_LIFETIME_HOURS, readSetupToken, takeSetupToken } from './setup-link.ts'
import { createUser, type User } from './users.ts'
import { withdrawInvitation } from './withdraw-invitation.ts'

const LAST_ADMIN = /last admin who can sign in/
const FROM = { address: '198.51.100.1', agent: '' }
const tokenOf = ({ link }: { link: string }) => link.slice(link.lastIndexOf('/') + 1)

describe('the team', () => {
  let temporary: Awaited<ReturnType<typeof openTemporaryStore>>
  let ann: User
  beforeEach(async () => {
    temporary = await openTemporaryStore()
    ann = await createUser('ann', 'a good password', 'admin')
  })
  afterEach(async () => {
    vi.useRealTimers()
    await temporary.remove()
  })
  const user = async (name: string) => (await listUsers()).find((each) => each.name === name)
  const idOf = async (name: string) => (await user(name))!.id

  it('an invited user chooses the password by a link that works once, whose token is not kept', async () => {
    const invited = await inviteUser({ name: 'olga', role: 'operator' })
    expect(JSON.stringify(await store().selectFrom('setup_tokens').selectAll().execute())).not.toContain(
      tokenOf(invited),
    )
    expect(await user('olga')).toMatchObject({
      role: 'operator',
      state: 'invited',
      seenAtMs: null,
      linkUntilMs: expect.any(Number),
    })
    expect(await checkPassword('olga', '', FROM)).toMatchObject({ refused: 'wrong' })
    expect(await readSetupToken(tokenOf(invited))).toEqual({ userName: 'olga' })
    await expect(takeSetupToken(tokenOf(invited), 'short')).rejects.toThrow(/at least 8/)
    const both = await Promise.allSettled(
      ['first password', 'second password'].map((password) => takeSetupToken(tokenOf(invited), password)),
    )
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await user('olga')).toMatchObject({ state: 'active', linkUntilMs: null })
    await expect(takeSetupToken(tokenOf(invited), 'third password')).rejects.toThrow(
      /used already or is too old/,
    )
  })

  it('refuses a name that is taken, in any case, or that can’t be told from another', async () => {
    for (const name of ['Ann', 'ANN'])
      await expect(inviteUser({ name, role: 'viewer' })).rejects.toThrow(/called ann already/)
    for (const name of ['', ' ', '(server)', 'а', '.x', 'a b', 'x'.repeat(65)])
      await expect(inviteUser({ name, role: 'viewer' })).rejects.toThrow(/1 to 64 characters/)
    await inviteUser({ name: 'x'.repeat(64), role: 'viewer' })
  })

  it('a link ends after a day, by a newer one, by disabling and by withdrawing', async () => {
    const first = await inviteUser({ name: 'olga', role: 'operator' })
    const second = await renewLink({ id: await idOf('olga') }, '')
    expect(await readSetupToken(tokenOf(first))).toBeNull()
    vi.useFakeTimers({ now: Date.now() + LINK_LIFETIME_HOURS * 3_600_000 + 1, toFake: ['Date'] })
    expect(await readSetupToken(tokenOf(second))).toBeNull()
    const third = await renewLink({ id: await idOf('olga') }, '')
    await disableUser(await idOf('olga'))
    expect(await readSetupToken(tokenOf(third))).toBeNull()
    await expect(renewLink({ id: await idOf('olga') }, '')).rejects.toThrow(/Enable the user first/)
    await enableUser(await idOf('olga'))
    const fourth = await renewLink({ id: await idOf('olga') }, '')
    await withdrawInvitation(await idOf('olga'))
    expect([await readSetupToken(tokenOf(fourth)), await user('olga')]).toEqual([null, undefined])
  })

  it('a link for a lost password leaves the old one alone until it is used; then every session ends', async () => {
    const link = await renewLink({ id: ann.id }, '')
    const { id: session } = await createSession(ann.id, FROM)
    expect(await checkPassword('ann', 'a good password', FROM)).toMatchObject({ user: ann })
    await takeSetupToken(tokenOf(link), 'another password')
    expect([await readSession(session), await checkPassword('ann', 'a good password', FROM)]).toMatchObject([
      null,
      { refused: 'wrong' },
    ])
    await expect(withdrawInvitation(ann.id)).rejects.toThrow(/Disable the user instead/)
  })

  it('a link that is open ends when the user changes the password, and when the role changes', async () => {
    const bob = await createUser('bob', 'a good password', 'viewer')
    const [{ id: own }, { id: other }] = [
      await createSession(bob.id, FROM),
      await createSession(bob.id, FROM),
    ]
    const first = await renewLink({ id: bob.id }, '')
    await expect(
      changePassword({ id: own, user: bob }, { currentPassword: 'wrong', newPassword: 'a new password' }),
    ).rejects.toThrow('The current password is wrong.')
    expect(await readSetupToken(tokenOf(first))).toEqual({ userName: 'bob' })
    await changePassword(
      { id: own, user: bob },
      { currentPassword: 'a good password', newPassword: 'a new password' },
    )
    expect([await readSetupToken(tokenOf(first)), await readSession(own), await readSession(other)]).toEqual([
      null,
      bob,
      null,
    ])
    const second = await renewLink({ id: bob.id }, '')
    expect(await changeRole({ id: bob.id, role: 'operator' })).toEqual({ sharesRevoked: 0, linkEnded: true })
    await expect(takeSetupToken(tokenOf(second), 'another password')).rejects.toThrow(
      /used already or is too old/,
    )
  })

  it('a password does not grow old: it is good until somebody changes or ends it', async () => {
    vi.useFakeTimers({ now: Date.now() + 10 * 365 * 86_400_000, toFake: ['Date'] })
    expect(await checkPassword('ann', 'a good password', FROM)).toMatchObject({ user: ann })
  })

  it('a password that was stolen ends with its sessions as soon as the admin says so, and the link alone leads in', async () => {
    const bob = await createUser('bob', 'a good password', 'viewer')
    const { id: session } = await createSession(bob.id, FROM)
    const link = await renewLink({ id: bob.id, endPassword: 'on' }, '')
    expect([
      await readSession(session),
      await checkPassword('bob', 'a good password', FROM),
      await checkPassword('bob', '', FROM),
    ]).toMatchObject([null, { refused: 'wrong' }, { refused: 'wrong' }])
    expect(await user('bob')).toMatchObject({ state: 'locked' })
    // Not one who was never here: the name stays theirs.
    await expect(withdrawInvitation(bob.id)).rejects.toThrow(/Disable the user instead/)
    expect(await takeSetupToken(tokenOf(link), 'a new password')).toEqual(bob)
    await expect(renewLink({ id: ann.id, endPassword: 'on' }, '')).rejects.toThrow(LAST_ADMIN)
    expect(await checkPassword('ann', 'a good password', FROM)).toMatchObject({ user: ann })
  })

  it('share links end with their maker’s right to share, and nobody else’s do', async () => {
    const [olga, dan] = [
      await createUser('olga', 'a good password', 'operator'),
      await createUser('dan', 'a good password', 'operator'),
    ]
    for (const [id, maker, change] of [
      ['s1', olga, {}],
      ['s2', olga, {}],
      ['old', olga, { expires_at_ms: 1 }],
      ['over', olga, { revoked_at_ms: 5 }],
      ['s3', dan, {}],
      ['s4', ann, {}],
    ] as const) {
      await store()
        .insertInto('shares')
        .values({
          id,
          token_hash: id,
          kind: 'vm',
          host: 'h',
          vm_uuid: 'u',
          snapshot: null,
          snapshot_created_at_ms: null,
          job_id: null,
          label: 'web',
          show_paths: 0,
          password_hash: null,
          created_by: maker.name,
          created_by_id: maker.id,
          created_at_ms: 1,
          expires_at_ms: Date.now() + 3_600_000,
          revoked_at_ms: null,
          opened_count: 0,
          last_opened_at_ms: null,
          ...change,
        })
        .execute()
    }
    const open = async () =>
      (
        await store()
          .selectFrom('shares')
          .select('id')
          .where('revoked_at_ms', 'is', null)
          .orderBy('id')
          .execute()
      ).map(({ id }) => id)
    const heard: LiveEvent[] = []
    const { end } = subscribe(null, ({ event }) => heard.push(event))
    expect(await disableUser(olga.id)).toEqual({ sharesRevoked: 2 })
    expect(await open()).toEqual(['old', 's3', 's4'])
    expect(heard.filter((event) => event.type === 'share')).toEqual([
      { type: 'share', shareId: 's1' },
      { type: 'share', shareId: 's2' },
    ])
    await changeRole({ id: dan.id, role: 'admin' })
    expect(await open()).toContain('s3')
    expect(await changeRole({ id: dan.id, role: 'viewer' })).toEqual({ sharesRevoked: 1, linkEnded: false })
    expect(await open()).toEqual(['old', 's4'])
    // Refused, so nothing of it happened.
    await expect(disableUser(ann.id)).rejects.toThrow(LAST_ADMIN)
    expect(await open()).toContain('s4')
    end()
  })

  it('a disabled user is out at once and stays out; enabled again they sign in anew', async () => {
    const bob = await createUser('bob', 'a good password', 'viewer')
    const { id: session } = await createSession(bob.id, FROM)
    await disableUser(bob.id)
    expect(await checkPassword('bob', 'a good password', FROM)).toMatchObject({ refused: 'wrong' })
    await enableUser(bob.id)
    expect(await readSession(session)).toBeNull()
    expect(await checkPassword('bob', 'a good password', FROM)).toMatchObject({ user: bob })
  })

  it('keeps the last admin: not disabled, not demoted; one who was only invited does not count', async () => {
    await inviteUser({ name: 'later', role: 'admin' })
    for (const act of [() => disableUser(ann.id), () => changeRole({ id: ann.id, role: 'viewer' })])
      await expect(act()).rejects.toThrow(LAST_ADMIN)
    expect(await user('ann')).toMatchObject({ role: 'admin', state: 'active' })
    await createUser('bea', 'a good password', 'admin')
    await changeRole({ id: ann.id, role: 'operator' })
    await expect(disableUser(await idOf('bea'))).rejects.toThrow(LAST_ADMIN)
  })

  it('keeps one of two admins who demote and disable each other at the same moment', async () => {
    const bea = await createUser('bea', 'a good password', 'admin')
    const both = await Promise.allSettled([changeRole({ id: ann.id, role: 'viewer' }), disableUser(bea.id)])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(
      (await listUsers()).filter((each) => each.role === 'admin' && each.state === 'active'),
    ).toHaveLength(1)
  })

  it('refuses what is so already, and a user that is gone', async () => {
    await expect(changeRole({ id: ann.id, role: 'admin' })).rejects.toThrow(/admin already/)
    await expect(enableUser(ann.id)).rejects.toThrow(/enabled already/)
    await expect(disableUser('nobody')).rejects.toThrow(/no such user/)
  })

  it('tells the open pages of whom it concerns, and the list of users to nobody but admins', async () => {
    const bob = await createUser('bob', 'a good password', 'viewer')
    const heard: LiveEvent[] = []
    const { end } = subscribe(null, ({ event }) => heard.push(event))
    await changeRole({ id: bob.id, role: 'operator' })
    end()
    expect(heard).toEqual([{ type: 'access', userId: bob.id }, { type: 'users' }])
    expect(heard.map((event) => [hears(bob, event), hears(ann, event)])).toEqual([
      [true, false],
      [false, true],
    ])
    expect(hears(bob, { type: 'audit', host: null, vmUuid: null })).toBe(false)
    expect(hears(bob, { type: 'audit', host: 'h', vmUuid: 'u' })).toBe(true)
  })

  it('a command lets an admin back in who is disabled, demoted and throttled, and says so in the audit log', async () => {
    const bea = await createUser('bea', 'a good password', 'admin')
    await changeRole({ id: ann.id, role: 'viewer' })
    await disableUser(ann.id)
    for (let time = 0; time < 6; time++) await checkPassword('ann', 'guess', FROM)
    await expect(recoverAdmin('nobody')).rejects.toThrow(
      /no user called nobody.*ann \(viewer\), bea \(admin\)/,
    )
    await store().updateTable('users').set({ disabled: 0 }).where('id', '=', ann.id).execute()
    const { id: session } = await createSession(ann.id, FROM)
    await store().updateTable('users').set({ disabled: 1 }).where('id', '=', ann.id).execute()
    const before = await createSetupToken(ann.id)
    const back = await recoverAdmin('ann')
    // The link alone leads in: not a session or a password that somebody else may have.
    expect([await readSession(session), await readSetupToken(before)]).toEqual([null, null])
    expect(await checkPassword('ann', 'a good password', { address: '203.0.113.9' })).toMatchObject({
      refused: 'wrong',
    })
    expect(await takeSetupToken(tokenOf(back), 'a newer password')).toEqual({ ...ann, role: 'admin' })
    expect(await checkPassword('ann', 'a newer password', FROM)).toMatchObject({ user: { role: 'admin' } })
    await expect(recoverAdmin(null)).rejects.toThrow(/Say which user/)
    await disableUser(bea.id)
    await changeRole({ id: bea.id, role: 'viewer' })
    expect(await recoverAdmin(null)).toMatchObject({ userName: 'ann' })
    expect(await store().selectFrom('audit').select(['user_name', 'act', 'subject_user']).execute()).toEqual(
      Array(2).fill({ user_name: '(server)', act: 'user.recover', subject_user: 'ann' }),
    )
  })
})
