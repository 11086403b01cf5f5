import { describe, expect, it } from 'vitest'
import { planMerge } from '../merges/plan-merge.ts'
import { planDelete } from '../snapshots/plan-delete.ts'
import type { TreeModel } from '../snapshots/tree-model.ts'
import { definitionOf, diskOf, situationOf } from '../testing/situation-of.ts'
import { checkLabels } from './file-access.ts'

const MODELS = ['apparmor', 'selinux', 'none'] as const
const vmWith = (model: (typeof MODELS)[number], relabel = true) => ({
  name: 'web',
  description: definitionOf([], {
    securityLabels: model === 'none' ? [] : [{ model, label: null, relabel }],
  }),
})
const into = (libvirtVersion: string, path: string | null = '/img/base.qcow2', running = true) => ({
  libvirtVersion,
  running,
  into: path,
})

describe('N30: a commit that AppArmor may deny', () => {
  it.each(
    MODELS.flatMap((model) =>
      ['9.0.0', '11.3.0', '12.0.0', '12.1.0', '13.0.0', ''].flatMap((version) =>
        [true, false].map((commits) => [model, version, commits ? 'commit' : 'pull'] as const),
      ),
    ),
  )('%s, libvirt “%s”, %s', (model, version, direction) => {
    const check = checkLabels(vmWith(model), into(version, direction === 'commit' ? undefined : null))
    const isDenied =
      model === 'apparmor' && direction === 'commit' && ['9.0.0', '11.3.0', '12.0.0'].includes(version)
    expect(check.verdict).toBe(isDenied ? 'warn' : 'ok')
    if (isDenied)
      expect([check.sentence, check.remedy]).toEqual([
        `libvirt ${version} with AppArmor denies QEMU the write to a layer that was below the disk when the VM started. If base.qcow2 was, the commit fails at its beginning and nothing changes.`,
        expect.stringMatching(/^Pull up instead/),
      ])
  })

  it('is no word of a VM that is off, and a label that libvirt does not manage comes first', () => {
    expect(checkLabels(vmWith('apparmor'), into('11.3.0', undefined, false)).verdict).toBe('ok')
    expect(checkLabels(vmWith('apparmor', false), into('11.3.0')).sentence).toContain("relabel='no'")
  })

  it('stands in the plans of a commit and of a delete, which stay legal, not in that of a pull', () => {
    const model: TreeModel = {
      current: 's2',
      running: true,
      unfinished: [],
      active: { vda: '/img/c' },
      backing: { '/img/base': null, '/img/b': '/img/base', '/img/c': '/img/b' },
      snapshots: ['base', 'b'].map((file, index) => ({
        name: `s${index + 1}`,
        parent: index === 0 ? null : `s${index}`,
        disks: [{ target: 'vda', kind: 'external', frozen: `/img/${file}` }],
        sources: { vda: `/img/${file}` },
      })),
    }
    const whole = situationOf(model)
    const { securityLabels } = vmWith('apparmor').description
    const disks = [diskOf('vda', '/img/c')]
    const situation = {
      ...whole,
      vm: { ...whole.vm, description: definitionOf(disks, { securityLabels }) },
    }
    const saysSo = (plan: { checks: { sentence: string; verdict: string }[] }) =>
      plan.checks.some(
        ({ verdict, sentence }) => verdict === 'warn' && /^libvirt 11\.3\.0 with/.test(sentence),
      )
    const [commit, pull] = planMerge(situation, { target: 'vda' })
    expect([commit!.direction, commit!.refusal, saysSo(commit!.plan)]).toEqual(['commit', null, true])
    expect([pull!.direction, saysSo(pull!.plan)]).toEqual(['pull', false])
    expect(saysSo(planDelete(situation, { snapshot: 's2', withChildren: false }).plan)).toBe(true)
  })
})
