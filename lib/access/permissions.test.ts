import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ACTS, actsOf, can, ROLES, whyNot, type Act } from './permissions.ts'

/** Which roles may do which act, written out once more: whoever adds one says here, too, who may. */
const EXPECTED: Record<Act, string> = {
  'vm.list': 'viewer operator admin',
  'vm.read': 'viewer operator admin',
  'check.read': 'viewer operator admin',
  'job.list': 'viewer operator admin',
  'job.read': 'viewer operator admin',
  'live.read': 'viewer operator admin',
  'account.read': 'viewer operator admin',
  'account.change-password': 'viewer operator admin',
  'account.end-session': 'viewer operator admin',
  'account.end-other-sessions': 'viewer operator admin',
  'snapshot.plan': 'operator admin',
  'snapshot.create': 'operator admin',
  'revert.plan': 'operator admin',
  'snapshot.revert': 'operator admin',
  'delete.plan': 'operator admin',
  'snapshot.delete': 'operator admin',
  'merge.plan': 'operator admin',
  'situation.plan': 'operator admin',
  'merge.start': 'operator admin',
  'merge.bandwidth': 'operator admin',
  'vm.power': 'operator admin',
  'repair.start': 'operator admin',
  'job.cancel': 'operator admin',
  'job.way-out': 'operator admin',
  'block-job.cancel': 'operator admin',
  'block-job.pivot': 'operator admin',
  'backup.read': 'viewer operator admin',
  'backup.plan': 'operator admin',
  'backup.start': 'operator admin',
  'backup.check': 'operator admin',
  'backup.restore': 'operator admin',
  'backup.restore-in-place': 'operator admin',
  'backup.end-restore': 'operator admin',
  'backup.remove': 'operator admin',
  'schedule.plan': 'operator admin',
  'schedule.save': 'operator admin',
  'schedule.remove': 'operator admin',
  'protection.leave-out': 'operator admin',
  'protection.protect-again': 'operator admin',
  'target.add': 'admin',
  'target.read-anew': 'admin',
  'target.adopt': 'admin',
  'target.remove': 'admin',
  'share.list': 'operator admin',
  'share.create': 'operator admin',
  'share.revoke': 'operator admin',
  'user.list': 'admin',
  'user.invite': 'admin',
  'user.withdraw': 'admin',
  'user.change-role': 'admin',
  'user.disable': 'admin',
  'user.enable': 'admin',
  'user.new-link': 'admin',
  'notification.read': 'admin',
  'notification.save': 'admin',
  'notification.remove': 'admin',
  'notification.test': 'admin',
  'user.end-session': 'admin',
  'user.end-sessions': 'admin',
  'audit.read': 'admin',
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(join(folder, entry.name)) : [join(folder, entry.name)],
  )

/** Acts that the code asks for: at a page, an action, a route, or the event stream. */
function actsInCode(): string[] {
  const texts = [...files(join(root, 'app')), join(root, 'lib/access/hears.ts')]
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => readFileSync(file, 'utf8'))
  const asked = texts.flatMap((text) =>
    [
      ...text.matchAll(/\b(?:action|route|requireUser|requireSession)\(\s*'([^']+)'|\bcan\(user, [^)]*\)/g),
    ].flatMap((match) => match[1] ?? [...match[0].matchAll(/'([^']+)'/g)].map(([, act]) => act!)),
  )
  return [...new Set(asked)].sort()
}

describe('role × act', () => {
  it.each(Object.keys(EXPECTED) as Act[])('%s', (act) => {
    expect(ROLES.filter((role) => can({ role }, act)).join(' ')).toBe(EXPECTED[act])
    for (const role of ROLES) expect(whyNot({ role }, act) === null).toBe(can({ role }, act))
  })

  it('knows every act that the code asks for, and no other', () => {
    expect(actsInCode()).toEqual(Object.keys(ACTS).sort())
    expect(Object.keys(EXPECTED).sort()).toEqual(Object.keys(ACTS).sort())
  })

  it('lets each role do what the one before it may', () => {
    for (const [index, role] of ROLES.entries())
      expect(actsOf({ role })).toEqual(
        expect.arrayContaining(actsOf({ role: ROLES[Math.max(0, index - 1)]! })),
      )
  })

  it('lets nobody do what is not listed, nor a role that is none do anything', () => {
    for (const act of ['', 'snapshot.explode', 'toString', '__proto__']) {
      expect(can({ role: 'admin' }, act as Act)).toBe(false)
      expect(whyNot({ role: 'admin' }, act as Act)).toContain('may not do this')
    }
    expect(actsOf({ role: 'root' as 'admin' })).toEqual([])
  })

  it('says who may', () => {
    expect(whyNot({ role: 'viewer' }, 'snapshot.create')).toBe(
      'Your role is viewer, which may not take a snapshot: an operator or an admin may. Nothing was done.',
    )
    expect(whyNot({ role: 'operator' }, 'user.invite')).toBe(
      'Your role is operator, which may not invite a user: an admin may. Nothing was done.',
    )
  })
})
