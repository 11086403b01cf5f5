import 'server-only'
import { requireHost, requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import { readSnapshots } from '../hosts/snapshot-metadata.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import { Refusal } from '../jobs/refusal.ts'
import type { SagaContext } from '../jobs/saga.ts'
import { pullByHelper } from '../merges/pull-by-helper.ts'
import { markSound } from '../situation/sound-layers.ts'
import { taintLayer } from '../situation/tainted-layers.ts'
import { readUnproven } from '../situation/read-layer-facts.ts'
import type { Receiver } from './flatten-plan.ts'
import type { RepairJob } from './repair-job.ts'
import { sameAsPreviewed } from './same-as-previewed.ts'

/** Shortens the chain of a VM that is off: each receiver takes in what lies below it. Returns the job's result. */
export async function flatten(
  context: SagaContext<RepairJob>,
  target: string,
  receivers: readonly Receiver[],
): Promise<string[]> {
  const { input, step } = context
  const host = requireHost(input.host)
  const doubt = await step<string>('look again', {
    do: async () => {
      await sameAsPreviewed(input)
      return readDoubt(host, input.vm!)
    },
  })
  for (const [index, { path, below }] of receivers.entries()) {
    const standsAlone = async () => {
      host.files.forget()
      const reading = await host.files.read(path, 0)
      return reading.kind === 'found' && reading.backing === null
    }
    await step(`pull into ${path}`, {
      // Not asked whether it is done: a header that is cut does not prove that the data is there (merges/flush-pull.ts).
      do: async (call) => {
        const { vm } = await requireVm(input.host, input.vm!)
        if (vm.running)
          throw new Refusal(
            `${vm.name} runs now, so nobody else may write to its layers. Merge them on its page instead.`,
          )
        await pullByHelper(host, { vmUuid: vm.uuid, path, below, basePath: null }, call, (percent) =>
          context.progress(
            percent === null ? null : Math.floor((index * 100 + percent) / receivers.length),
            `Taking what lies below into ${path}`,
          ),
        )
        if (!(await standsAlone()))
          throw new Refusal(
            `The pull into ${path} ended before its end, possibly for lack of space. The disk shows what it showed before.`,
          )
        return true
      },
    })
    // Its content is what it was: as sound as before, or as doubtful.
    await step(`note ${path}`, {
      do: async () => {
        if (doubt === '') await markSound(host, [path], 'what lay below was taken into it')
        else
          await taintLayer({
            host: host.name,
            path,
            vmUuid: input.vm!,
            topPath: null,
            jobId: context.jobId,
            reason: doubt,
          })
        return true
      },
    })
  }
  return step('look at the chain', {
    do: async () => {
      const { vm } = await requireVm(input.host, input.vm!)
      host.changed(vm.uuid)
      const disk = vm.description?.disks.find((each) => each.target === target)
      const layers = disk?.path ? (await walkChain(host.files, disk.path, disk.format, 0)).layers.length : 0
      return [`The chain of ${target} has ${layers} layers now: ${vm.name} can be started.`]
    },
  })
}

/** Why a snapshot of the VM is unproven: what it reads is about to be copied, and must not look sound afterwards. "" when none is. */
async function readDoubt(host: Host, uuid: string): Promise<string> {
  const { list } = await readSnapshots(await host.connection.reader(), uuid)
  const [first] = Object.values(await readUnproven(host, list))
  return first?.reason.replace(/\.$/, '') ?? ''
}
