import { expect, it } from 'vitest'
import type { Finding, Severity } from '@/lib/repairs/types'
import { summaryOf } from './summary-of.ts'

const finding = (severity: Severity): Finding => ({
  id: severity,
  kind: 'frozen',
  severity,
  vm: null,
  sentence: '',
  evidence: [],
  reclaimableBytes: 0,
  repair: null,
  actOnVmPage: null,
  advice: null,
  commands: [],
})

it('gives the answer first', () => {
  expect(summaryOf({ findings: [finding('info')], reclaimableBytes: 0, notes: [] }, 'web')).toEqual({
    sentence: 'Nothing to repair on web',
    tone: 'ok',
  })
  expect(summaryOf({ findings: [], reclaimableBytes: 0, notes: ['x'] }, 'web')).toEqual({
    sentence: 'Nothing to repair on web, as far as it could be looked at',
    tone: 'warn',
  })
  expect(summaryOf({ findings: [finding('warn')], reclaimableBytes: 0, notes: [] }, 'web').sentence).toBe(
    '1 thing to look at on web',
  )
  expect(
    summaryOf(
      {
        findings: [finding('danger'), finding('warn'), finding('info')],
        reclaimableBytes: 1.2 * 1024 ** 3,
        notes: [],
      },
      'rack1',
    ),
  ).toEqual({ sentence: '2 things to look at on rack1, 1.2 GiB can be reclaimed', tone: 'danger' })
})
