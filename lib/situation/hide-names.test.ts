import fc from 'fast-check'
import { expect, it } from 'vitest'
import { planMerge } from '../merges/plan-merge.ts'
import { planDelete } from '../snapshots/plan-delete.ts'
import { planRevert } from '../snapshots/plan-revert.ts'
import { found, situationOf } from '../testing/situation-of.ts'
import { world } from '../testing/snapshot-worlds.ts'
import { hideNames } from './hide-names.ts'
import type { Situation } from './situation.ts'

const verdicts = (situation: Situation) => ({
  merges: planMerge(situation, {}).map(
    ({ direction, refusal, removedFiles, lostSnapshots, proposed, plan }) => [
      direction,
      refusal === null,
      removedFiles.length,
      lostSnapshots.length,
      proposed,
      plan.checks.map(({ name, verdict }) => [name, verdict]),
    ],
  ),
  snapshots: situation.snapshots.flatMap(({ name }) => {
    const [remove, revert] = [
      planDelete(situation, { snapshot: name, withChildren: false }),
      planRevert(situation, name),
    ]
    return [remove, revert].map(({ refusal, plan }) => [
      refusal === null,
      plan.checks.map(({ name: check, verdict }) => [check, verdict]),
    ])
  }),
})
/** Names of every kind, in sentences and alone. */
const secret = (model: Parameters<typeof situationOf>[0]): Situation => {
  const text = JSON.stringify(situationOf(model))
    .replaceAll('/img/', '/srv/acme/')
    .replaceAll('"/img"', '"/srv/acme"')
    .replaceAll('"web"', '"acme-mail"')
  const situation = JSON.parse(text) as Situation
  situation.vm.next.settings = { title: 'acme mail', 'network cards': 'bridge acme0' }
  situation.vm.next.disks[0]!.volume = { pool: 'acme-pool', name: 'acme.qcow2' }
  return {
    ...situation,
    gaps: [],
    unheard: ['The host acme-two does not answer about acme-mail in /srv/acme/vda.1.'],
    uses: Object.fromEntries(
      Object.keys(situation.files).map((path) => [
        path,
        [
          {
            host: 'acme-two',
            vmUuid: '6f9619ff-8b86-d011-b42d-00c04fc964ff',
            vmName: 'acme payroll',
            running: false,
            kind: 'snapshot' as const,
            target: 'vda',
            isOther: false,
            snapshot: 'before acme',
            isSure: true,
            path,
          },
        ],
      ]),
    ),
  }
}

it('leaves no name, and every plan says yes and no as before, whatever the tree', () => {
  fc.assert(
    fc.property(world, ({ model }) => {
      for (const situation of [secret(model), { ...secret(model), uses: {} }]) {
        const hidden = hideNames(situation)
        expect(JSON.stringify(hidden)).not.toMatch(/acme|payroll|6f9619ff|\/img|\/srv/)
        expect(verdicts(hidden)).toEqual(verdicts(situation))
      }
    }),
    { numRuns: 200 },
  )
})

it('keeps what a plan reads of a name, and one word for each', () => {
  const situation = situationOf({
    current: null,
    running: false,
    unfinished: [],
    active: { vda: '/img/a,b' },
    backing: { '/img/a,b': '/dev/vg/base', '/dev/vg/base': null },
    snapshots: [],
  })
  situation.files['/img/x.iso'] = found('/img/x.iso', null)
  const [overlay, base, iso] = Object.keys(hideNames(situation).files)
  expect(overlay).toMatch(/^\/n\d+\/n\d+,$/)
  expect(base).toMatch(/^\/dev\/n\d+\/n\d+$/)
  expect(iso).toMatch(/\.iso$/)
  expect(hideNames(situation).vm.description.disks[0]!.path).toBe(overlay)
})
