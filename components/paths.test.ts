import { expect, test } from 'vitest'
import {
  auditPath,
  decodePart,
  deletePlanPath,
  eventsPath,
  hostCheckPath,
  jobPagePath,
  jobPath,
  jobsPath,
  listPath,
  mergePlanPath,
  notificationsPath,
  revertPlanPath,
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
