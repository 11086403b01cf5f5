import { describe, expect, it } from 'vitest'
import { backupsPath, jobPagePath, jobsPath, vmBackupsPath } from '../../components/paths.ts'
import type { Protection } from '../schedules/types.ts'
import { digestMessage } from './digest-message.ts'
import { jobMessages, type ToldJob } from './job-message.ts'
import { backupsAddress, jobAddress, jobsAddress, vmBackupsAddress } from './page-addresses.ts'
import { isNews, protectionMessages, type Change } from './protection-message.ts'

const AT = Date.parse('2026-11-27T08:00:00Z')
const change = (vmName: string, part: Partial<Change> = {}): Change => ({
  host: 'lab',
  vmUuid: `u-${vmName}`,
  vmName,
  before: 'protected',
  state: 'at-risk',
  reason: 'failed',
  sentence: 'The last backup failed at 02:30: The target is full.',
  sinceMs: 1,
  ...part,
})
const job = (id: string, part: Partial<ToldJob> = {}): ToldJob => ({
  id,
  kind: 'backup',
  host: 'lab',
  vmUuid: 'u',
  vmName: 'db',
  title: 'Back up db',
  by: 'ann',
  status: 'failed',
  error: 'The target is full.',
  ...part,
})
const protection = (
  vmName: string,
  state: Protection['state'],
  nextRunMs: number | null = null,
): Protection => ({
  host: 'lab',
  vmUuid: `u-${vmName}`,
  vmName,
  state,
  sentence: `It ${state}.`,
  reasons: [],
  mend: null,
  lastGood: null,
  nextRunMs,
  scheduleIds: [],
})

it('addresses are those of the pages', () => {
  const [host, vm] = ['rack 1', 'a/b "c" %']
  expect([vmBackupsAddress(host, vm), backupsAddress(), jobAddress('a/b'), jobsAddress()]).toEqual([
    vmBackupsPath(host, vm),
    backupsPath(),
    jobPagePath('a/b'),
    jobsPath(),
  ])
})

describe('a change of protection', () => {
  it('says which VM, why, what to do, and where', () => {
    expect(protectionMessages([change('db')], AT)).toEqual([
      {
        event: 'protection',
        atMs: AT,
        level: 'attention',
        title: 'db on lab is at risk',
        text: 'The last backup failed at 02:30: The target is full. Mend what is in the way and back it up again.',
        path: '/hosts/lab/vms/db/backups',
        vms: [
          {
            host: 'lab',
            name: 'db',
            uuid: 'u-db',
            protection: 'at-risk',
            before: 'protected',
            sentence: 'The last backup failed at 02:30: The target is full.',
          },
        ],
        jobs: [],
        counts: null,
      },
    ])
    expect(
      protectionMessages(
        [
          change('db', {
            before: 'at-risk',
            state: 'protected',
            reason: null,
            sentence: 'The backup of 02:31 passed its check.',
          }),
        ],
        AT,
      ),
    ).toMatchObject([
      { level: 'good', title: 'db on lab is protected again', text: 'The backup of 02:31 passed its check.' },
    ])
    expect(protectionMessages([change('db', { before: 'at-risk', reason: 'damaged' })], AT)[0]!.title).toBe(
      'db on lab is at risk, for another reason',
    )
    expect(protectionMessages([change('a\nb')], AT)[0]!.title).toBe('a b on lab is at risk')
  })

  it('of many VMs at once is one message, the worst first', () => {
    const three = ['a', 'b', 'c'].map((name) => change(name))
    expect(protectionMessages(three, AT)).toHaveLength(3)
    const all = [
      ...three,
      change('d', { state: 'unprotected' }),
      ...Array.from({ length: 20 }, (_, index) => change(`e${index}`, { state: 'protected', reason: null })),
    ]
    const [message, ...more] = protectionMessages(all, AT)
    expect(more).toEqual([])
    expect(message).toMatchObject({
      level: 'bad',
      title: 'Protection changed: 1 not protected, 3 at risk, 20 protected',
      path: '/backups',
    })
    expect(message!.vms).toHaveLength(24)
    expect(message!.text.split('\n')).toHaveLength(16)
    expect(message!.text).toMatch(/^d on lab is not protected\. .*\n[^]*\nAnd 9 more\.$/)
  })

  it('is news when the state or the first reason is another, but not while a new backup waits for its check', () => {
    const told = { state: 'at-risk', reason: 'failed' }
    expect([
      isNews(told, told),
      isNews(told, { state: 'protected', reason: null }),
      isNews(told, { state: 'at-risk', reason: 'target' }),
      isNews(told, { state: 'at-risk', reason: 'unchecked' }),
      isNews(told, { state: 'unprotected', reason: 'unchecked' }),
    ]).toEqual([false, true, true, false, true])
  })
})

describe('a job', () => {
  it('that failed, or waits: what, of which VM, why, and what to do', () => {
    expect(jobMessages([job('j 1')], AT)).toEqual([
      {
        event: 'job-failed',
        atMs: AT,
        level: 'bad',
        title: 'db on lab: “Back up db” failed',
        text: 'The target is full. Its page tells how far it came, and what can be done now.',
        path: '/jobs/j%201',
        vms: [{ host: 'lab', name: 'db', uuid: 'u', protection: null, before: null, sentence: null }],
        jobs: [
          { id: 'j 1', kind: 'backup', title: 'Back up db', status: 'failed', error: 'The target is full.' },
        ],
        counts: null,
      },
    ])
    expect(jobMessages([job('j', { status: 'waiting', vmName: '', vmUuid: '' })], AT)).toMatchObject([
      { event: 'job-waiting', title: 'lab: “Back up db” waits for a decision', vms: [] },
    ])
    const otherwise = job('j', { status: 'succeeded', error: 'The plan said that a goes: it stays.' })
    expect(jobMessages([otherwise], AT)).toMatchObject([
      {
        event: 'job-failed',
        level: 'attention',
        title: 'db on lab: “Back up db” is done, but not as planned',
        text: 'The plan said that a goes: it stays. Look at it before you rely on it.',
      },
    ])
  })

  it('of many there is one message', () => {
    const jobs = Array.from({ length: 20 }, (_, index) => job(`j${index}`))
    expect(jobMessages(jobs.slice(0, 3), AT)).toHaveLength(3)
    expect(jobMessages(jobs, AT)).toMatchObject([{ title: '20 jobs failed', path: '/jobs' }])
    expect(jobMessages([...jobs.slice(0, 3), job('w', { status: 'waiting' })], AT)).toMatchObject([
      { title: '4 jobs failed or wait for a decision' },
    ])
  })
})

describe('the digest', () => {
  const facts = {
    protections: [
      protection('web', 'at-risk'),
      protection('db', 'protected', AT + 3_600_000),
      protection('new', 'unprotected'),
    ],
    failed: [{ ...job('j'), endedAtMs: AT - 7_200_000 }],
    away: [],
    nowMs: AT,
    timeZone: 'Europe/Berlin',
  }

  it('says how all stands, in the channel’s time zone', () => {
    expect(digestMessage(facts)).toMatchObject({
      event: 'digest',
      level: 'bad',
      title: '1 of 3 VMs protected',
      counts: { protected: 1, vms: 3 },
      path: '/backups',
      text: [
        'new on lab is not protected. It unprotected.',
        'web on lab is at risk. It at-risk.',
        '',
        'One job failed in the last 24 hours:',
        '07:00 db on lab: “Back up db”. The target is full.',
        '',
        'Next backups:',
        '10:00 db on lab',
      ].join('\n'),
    })
    expect(digestMessage(facts).vms.map((vm) => vm.name)).toEqual(['new', 'web'])
  })

  it('when all is well, when nothing is known, and when a host is away', () => {
    expect(
      digestMessage({ ...facts, protections: [protection('db', 'protected')], failed: [] }),
    ).toMatchObject({
      level: 'good',
      title: '1 of 1 VM protected',
      text: 'No job failed in the last 24 hours.\n\nNo backup is planned.',
    })
    expect(digestMessage({ ...facts, protections: [], failed: [] }).title).toBe('There are no VMs to protect')
    const away = digestMessage({
      ...facts,
      protections: [protection('db', 'protected')],
      failed: [],
      away: ['rack2'],
    })
    expect([away.level, away.text.split('\n')[0]]).toEqual([
      'attention',
      'rack2 is not reached: its VMs are as they were last seen, or missing here.',
    ])
  })
})
