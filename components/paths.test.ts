import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, expectTypeOf, test } from 'vitest'
import type { BackupForm } from '@/lib/backups/backup-form'
import type { ForeignView } from '@/lib/backups/catalogue/foreign-backups'
import type { RestorePlan } from '@/lib/backups/restore/plan-restore'
import type { BlockJobView } from '@/lib/hosts/types'
import type { JobView } from '@/lib/jobs/types'
import type { MergeOption } from '@/lib/merges/types'
import type { Plan } from '@/lib/plans/types'
import type { SchedulePreview } from '@/lib/schedules/types'
import type { ShareView } from '@/lib/shares/types'
import type { DeletePlan, RevertPlan, SnapshotForm } from '@/lib/snapshots/types'
import { getJson, type useGet } from '@/components/dialogs/use-get'
import {
  auditPath,
  backupFormPath,
  decodePart,
  deletePlanPath,
  eventsPath,
  foreignBackupsPath,
  hostCheckPath,
  jobPagePath,
  jobPath,
  jobsPath,
  listPath,
  mergePlanPath,
  notificationsPath,
  restorePlacesPath,
  restorePlanPath,
  revertPlanPath,
  schedulePreviewPath,
  shareEventsPath,
  shareOpenedPath,
  sharePath,
  sharesOfPath,
  sharesPath,
  shareUnlockPath,
  snapshotFormPath,
  snapshotNamePath,
  snapshotPath,
  snapshotPlanPath,
  usersPath,
  vmCheckPath,
  vmPath,
  type ReadPath,
} from './paths.ts'

const NASTY = [
  'web',
  'two words',
  `it's "quoted"`,
  '<script>alert(1)</script>',
  'Übergröße',
  '虚拟机',
  '100%',
  '%41',
  'a/b',
  '?q=1#x',
  '..',
  '-x',
  'a+b',
  'é'.repeat(200),
]

test('every part of an address comes back as it was', () => {
  for (const name of NASTY) {
    const url = new URL(snapshotPath('rack1', name, name), 'http://x')
    const parts = url.pathname.split('/')
    // A name of dots alone would be taken for a folder by the browser; libvirt refuses such names itself.
    if (name === '..') continue
    expect(parts.slice(0, 4)).toEqual(['', 'hosts', 'rack1', 'vms'])
    expect(parts).toHaveLength(7)
    expect([decodePart(parts[4]!), decodePart(parts[6]!)]).toEqual([name, name])
    expect(url.search + url.hash).toBe('')
  }
})

test('what travels in the query comes back as it was', () => {
  for (const name of NASTY) {
    const get = (path: string, key: string) => new URL(path, 'http://x').searchParams.get(key)
    expect(get(snapshotNamePath('h', 'u', name), 'name')).toBe(name)
    expect(get(revertPlanPath('h', 'u', name), 'snapshot')).toBe(name)
    expect(get(deletePlanPath('h', 'u', name, true), 'snapshot')).toBe(name)
    expect(get(mergePlanPath('h', 'u', { target: 'vda', topPath: `/a/${name}` }), 'top')).toBe(`/a/${name}`)
    expect(get(listPath({ q: name }), 'q')).toBe(name)
    expect(get(auditPath({ vm: name }), 'vm')).toBe(name)
    expect(
      new URL(eventsPath([`h/${name}`, 'h/2'], 'boot-1'), 'http://x').searchParams.getAll('watch'),
    ).toEqual([`h/${name}`, 'h/2'])
  }
})

test('the addresses', () => {
  expect([listPath(), listPath({ sort: 'name', page: 1 }), listPath({ page: 2 })]).toEqual([
    '/',
    '/?sort=name',
    '/?page=2',
  ])
  expect([
    usersPath(),
    auditPath(),
    auditPath({ person: '', page: 1 }),
    auditPath({ person: 'ann', page: 2 }),
  ]).toEqual(['/users', '/audit', '/audit', '/audit?person=ann&page=2'])
  expect(vmPath('local', 'web 1')).toBe('/hosts/local/vms/web%201')
  expect([vmCheckPath('local', 'web 1'), hostCheckPath('rack/1')]).toEqual([
    '/hosts/local/vms/web%201/check',
    '/hosts/rack%2F1/check',
  ])
  expect(snapshotFormPath('local', 'u')).toBe('/api/hosts/local/vms/u/snapshot-form')
  expect(mergePlanPath('local', 'u')).toBe('/api/hosts/local/vms/u/merge-plan')
  expect(deletePlanPath('local', 'u', 's', false)).toBe('/api/hosts/local/vms/u/delete-plan?snapshot=s')
  expect([jobsPath(), jobPagePath('a/b'), notificationsPath()]).toEqual([
    '/jobs',
    '/jobs/a%2Fb',
    '/notifications',
  ])
  expect(snapshotPlanPath('local', 'u', { disks: ['vda', 'vdb'], quiesce: 'auto', directory: '/a b' })).toBe(
    '/api/hosts/local/vms/u/snapshot-plan?quiesce=auto&directory=%2Fa+b&disk=vda&disk=vdb',
  )
  expect(jobPath('a/b')).toBe('/api/jobs/a%2Fb')
  expect(eventsPath([], null)).toBe('/api/events')
  expect([sharesPath(), sharesOfPath({ kind: 'vm', host: 'h', vm: 'a b' }), sharePath('a/b')]).toEqual([
    '/shares',
    '/api/shares?kind=vm&host=h&vm=a+b',
    '/s/a%2Fb',
  ])
  expect([
    shareUnlockPath('t'),
    shareOpenedPath('t'),
    shareEventsPath('t', null),
    shareEventsPath('t', 'b-1'),
  ]).toEqual(['/s/t/unlock', '/s/t/opened', '/s/t/events', '/s/t/events?since=b-1'])
})

test('an address that was broken by hand is no error', () => {
  expect(decodePart('100%')).toBe('100%')
})

const SCHEDULE = {
  id: '6d0f5c0e-0000-4000-8000-000000000001',
  exists: false,
  host: 'h',
  vmUuid: 'u',
  targetId: 't',
  method: 'copy',
  quiesce: 'auto',
  when: { kind: 'interval', minutes: 60 },
  timeZone: 'UTC',
  retention: { last: 1, daily: 0, weekly: 0, monthly: 0 },
} as const

test('an address that is read leads to the route whose answer it promises', () => {
  const source = readFileSync(fileURLToPath(new URL('paths.ts', import.meta.url)), 'utf8')
  const routes = new Map(
    [...source.matchAll(/import type \{ GET as (\w+) \} from '@\/app(\/api\/.*)\/route'/g)].map(
      ([, name, path]) => [name!, path!],
    ),
  )
  const samples: Record<string, string> = {
    snapshotFormPath: snapshotFormPath('h', 'u'),
    snapshotNamePath: snapshotNamePath('h', 'u', 'n'),
    snapshotPlanPath: snapshotPlanPath('h', 'u', { disks: ['vda'], quiesce: 'auto', directory: null }),
    revertPlanPath: revertPlanPath('h', 'u', 's'),
    deletePlanPath: deletePlanPath('h', 'u', 's', true),
    mergePlanPath: mergePlanPath('h', 'u'),
    backupFormPath: backupFormPath('h', 'u'),
    schedulePreviewPath: schedulePreviewPath(SCHEDULE),
    restorePlacesPath: restorePlacesPath('h'),
    restorePlanPath: restorePlanPath('t', 'b'),
    foreignBackupsPath: foreignBackupsPath('t'),
    jobPath: jobPath('j'),
    sharesOfPath: sharesOfPath({ kind: 'job', jobId: 'j' }),
  }
  const promised = [...source.matchAll(/export const (\w+) = (?:(?!export const)[^])*?reads<typeof (\w+)>/g)]
  expect(promised.map(([, path]) => path).sort()).toEqual(Object.keys(samples).sort())
  for (const [, path, route] of promised)
    expect(new URL(samples[path!]!, 'http://x').pathname).toMatch(
      new RegExp(`^${routes.get(route!)!.replaceAll(/\[\w+\]/g, '[^/]+')}$`),
    )
})

test('who reads an address gets what its route answers, and can’t take it for something else', () => {
  expectTypeOf(snapshotFormPath).returns.toEqualTypeOf<ReadPath<SnapshotForm>>()
  expectTypeOf(snapshotNamePath).returns.toEqualTypeOf<ReadPath<{ refusal: string | null }>>()
  expectTypeOf(snapshotPlanPath).returns.toEqualTypeOf<ReadPath<Plan>>()
  expectTypeOf(revertPlanPath).returns.toExtend<ReadPath<RevertPlan>>()
  expectTypeOf(deletePlanPath).returns.toExtend<ReadPath<DeletePlan>>()
  expectTypeOf(mergePlanPath).returns.toExtend<ReadPath<MergeOption[]>>()
  expectTypeOf(backupFormPath).returns.toEqualTypeOf<ReadPath<BackupForm>>()
  expectTypeOf(schedulePreviewPath).returns.toEqualTypeOf<ReadPath<SchedulePreview>>()
  expectTypeOf(restorePlacesPath).returns.toEqualTypeOf<ReadPath<string[]>>()
  expectTypeOf(restorePlanPath).returns.toEqualTypeOf<ReadPath<RestorePlan>>()
  expectTypeOf(foreignBackupsPath).returns.toEqualTypeOf<ReadPath<ForeignView>>()
  expectTypeOf(jobPath).returns.toEqualTypeOf<ReadPath<{ job: JobView; blockJobs: BlockJobView[] }>>()
  expectTypeOf(sharesOfPath).returns.toEqualTypeOf<ReadPath<ShareView[]>>()

  const read = (signal: AbortSignal, get: typeof useGet) => {
    expectTypeOf(getJson(jobPath('j'), signal)).resolves.toEqualTypeOf<{
      job: JobView
      blockJobs: BlockJobView[]
    }>()
    expectTypeOf(get(jobPath('j')).data).toEqualTypeOf<{ job: JobView; blockJobs: BlockJobView[] } | null>()
    // @ts-expect-error: a job is no form
    get<SnapshotForm>(jobPath('j'))
    // @ts-expect-error: nothing says what this answers
    get('/api/jobs/j')
    // @ts-expect-error: a page is not read as JSON
    void getJson(vmPath('h', 'u'), signal)
  }
  expectTypeOf(read).toBeFunction()
})
