import { expect, test } from 'vitest'
import type { JobView } from '@/lib/jobs/types'
import { powerOffers } from './power-offers.ts'

const job = (kind: JobView['kind'], status: JobView['status'], createdAtMs = 0): JobView => ({
  id: 'j',
  kind,
  status,
  createdAtMs,
  host: 'h',
  vmUuid: 'u',
  vmName: 'v',
  title: '',
  by: 'admin',
  endedAtMs: null,
  percent: null,
  note: null,
  result: [],
  differences: [],
  error: null,
  canCancel: false,
  offers: [],
  backupId: null,
  limitBytesPerSecond: null,
})

test('a running VM is asked first and forced only then', () => {
  expect(powerOffers({ state: 'running' }, [], 0)).toEqual(['shutdown'])
  expect(powerOffers({ state: 'running' }, [job('shutdown', 'running')], 1_000)).toEqual([
    'shutdown',
    'force-off',
  ])
  expect(powerOffers({ state: 'running' }, [job('shutdown', 'failed')], 60_000)).toEqual([
    'shutdown',
    'force-off',
  ])
})

test('an old shutdown, one that worked, and one before the last start are forgotten', () => {
  expect(powerOffers({ state: 'running' }, [job('shutdown', 'failed')], 600_001)).toEqual(['shutdown'])
  expect(powerOffers({ state: 'running' }, [job('shutdown', 'succeeded')], 1)).toEqual(['shutdown'])
  expect(
    powerOffers({ state: 'running' }, [job('start', 'succeeded'), job('shutdown', 'failed')], 1),
  ).toEqual(['shutdown'])
})

test('N29: a guest that sleeps is woken up, or forced off', () => {
  expect(powerOffers({ state: 'pmsuspended' }, [], 0)).toEqual(['wake-up', 'force-off'])
})

test('what can’t be asked is forced', () => {
  expect([powerOffers({ state: 'paused' }, [], 0), powerOffers({ state: 'shut off' }, [], 0)]).toEqual([
    ['resume', 'force-off'],
    ['start'],
  ])
})
