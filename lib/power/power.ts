import 'server-only'
import { z } from 'zod'
import { isLibvirtError, VIR_ERR_OPERATION_INVALID } from 'node-libvirt'
import { isRefusal, Refusal } from '../jobs/refusal.ts'
import type { Saga, SagaContext } from '../jobs/saga.ts'
import { startJob } from '../jobs/start-job.ts'
import type { JobKind } from '../jobs/types.ts'
import { explainLock } from '../hosts/busy.ts'
import { DomainCalls } from '../hosts/described-calls.ts'
import { requireVm } from '../hosts/find-vm.ts'
import type { Host } from '../hosts/host.ts'
import type { KnownVm } from '../hosts/inventory.ts'
import { powerRefusal, type PowerAct } from '../hosts/power-rules.ts'
import { explainStart } from './explain-start.ts'
import { powerRisk } from './power-risk.ts'
import { findOpenDisk, isKnownOpen, openSentence } from './start-conflict.ts'
import { thawUntilAnswered } from '../hosts/thaw.ts'

export const PowerInput = z.object({
  host: z.string(),
  vm: z.string(),
  act: z.enum(['start', 'shutdown', 'force-off', 'resume', 'wake-up', 'thaw']),
  nonce: z.string().min(1),
  /** What the person was told that the act would cost, and wants all the same: another cost is not meant by it. */
  confirmed: z.string().optional(),
})
export type PowerInput = z.infer<typeof PowerInput>

interface PowerJob {
  host: string
  vm: string
  act: PowerAct
}

/** How long a guest may take to shut down before we say that it has not. */
const SHUTDOWN_LIMIT_MS = 60_000
const LOOK_EVERY_MS = 500

const TITLES: Record<PowerAct, string> = {
  start: 'Start',
  shutdown: 'Shut down',
  'force-off': 'Force off',
  resume: 'Resume',
  'wake-up': 'Wake up',
  thaw: 'Thaw',
}
const KINDS: Record<PowerAct, JobKind> = {
  start: 'start',
  shutdown: 'shutdown',
  'force-off': 'shutdown',
  resume: 'resume',
  'wake-up': 'resume',
  thaw: 'thaw',
}

/** The state that tells that it is done; null: none does. */
const DONE_IN: Record<PowerAct, 'running' | 'shut off' | null> = {
  start: 'running',
  shutdown: 'shut off',
  'force-off': 'shut off',
  resume: 'running',
  'wake-up': 'running',
  thaw: null,
}

/** Starts one of the acts that a revert or a full disk makes one need. Throws Refusal, HostDown, VmGone. */
export async function startPower(input: PowerInput, user: { name: string }): Promise<{ jobId: string }> {
  const { host, vm } = await requireVm(input.host, input.vm)
  const refusal = powerRefusal(input.act, vm.state)
  if (refusal) throw new Refusal(refusal)
  const open = input.act === 'start' ? await findOpenDisk(host, vm) : null
  if (isKnownOpen(open)) throw new Refusal(openSentence(vm.name, open))
  const risk = await powerRisk(host, vm, input.act, open)
  if (risk !== null && risk !== input.confirmed) throw new Refusal(risk, { confirm: risk })
  const saga = POWER_SAGAS.find((each) => each.kind === KINDS[input.act])!
  return startJob(
    saga,
    { host: host.name, vmUuid: vm.uuid, vmName: vm.name, title: TITLES[input.act], nonce: input.nonce },
    { host: host.name, vm: vm.uuid, act: input.act },
    user,
    input.act === 'force-off' ? 'shutdown' : undefined,
  )
}

const saga = (kind: JobKind): Saga<PowerJob> => ({
  kind,
  version: '2',
  takesOver: { 1: (input) => input as PowerJob },
  run: (context) => power(context),
})

/** One step each; asking for the state tells whether it is done. */
export const POWER_SAGAS: readonly Saga<PowerJob>[] = [
  saga('start'),
  saga('shutdown'),
  saga('resume'),
  saga('thaw'),
]

async function power({ input, step, progress, waitFor }: SagaContext<PowerJob>): Promise<string[]> {
  const stateNow = async () =>
    (
      await (
        await (await requireVm(input.host, input.vm)).host.connection.reader()
      ).domainLookupByUUID(input.vm)
    ).getState()
  const { host, vm } = await waitFor('find', () => requireVm(input.host, input.vm), LOOK_EVERY_MS)
  const wanted = DONE_IN[input.act]
  await step(input.act, {
    isDone: async () => (wanted !== null && (await stateNow()).state === wanted ? true : null),
    do: async (log) => {
      if (input.act === 'thaw') {
        await progress(null, 'Thawing, until the guest agent answers')
        if (!(await thawUntilAnswered(host, input.vm)))
          throw new Refusal(
            'The guest agent does not answer, so its file systems could not be thawed. Look at the guest’s console; Force off is the last way out.',
          )
        return true
      }
      await host.connection.operate(async (connect) => {
        const calls = new DomainCalls(host.connection.uri, await connect.domainLookupByUUID(input.vm))
        const call = {
          start: () => calls.create(),
          shutdown: () => calls.shutdown(),
          'force-off': () => calls.destroy(),
          resume: () => calls.resume(),
          'wake-up': () => calls.pmWakeup(),
        }[input.act as Exclude<PowerAct, 'thaw'>]
        await log(call()).catch(async (error: unknown) => {
          throw await explainPower(error, host, vm, input.act)
        })
      })
      return true
    },
  })
  host.changed(input.vm)
  if (input.act === 'shutdown') {
    await progress(null, 'The guest was asked to shut down')
    const endMs = Date.now() + SHUTDOWN_LIMIT_MS
    const off = await waitFor(
      'guest shuts down',
      async () => {
        if ((await stateNow()).state === 'shut off') return 'off'
        return Date.now() > endMs ? 'late' : null
      },
      LOOK_EVERY_MS,
    )
    host.changed(input.vm)
    if (off === 'late')
      throw new Refusal(
        `${vm.name} was asked to shut down ${SHUTDOWN_LIMIT_MS / 1000} s ago and still runs. Look at its console, or use Force off, which is like pulling the plug.`,
      )
  }
  return [
    {
      start: `${vm.name} is started.`,
      shutdown: `${vm.name} is shut down.`,
      'force-off': `${vm.name} is off.`,
      resume: `${vm.name} runs again.`,
      'wake-up': `${vm.name} was woken up.`,
      thaw: `${vm.name} is thawed.`,
    }[input.act],
  ]
}

async function explainPower(error: unknown, host: Host, vm: KnownVm, act: PowerAct): Promise<unknown> {
  if (!isLibvirtError(error)) return error
  const locked = explainLock(error, vm.name)
  if (isRefusal(locked)) return locked
  if (error.code === VIR_ERR_OPERATION_INVALID)
    return new Refusal(
      `${TITLES[act]} was refused: the state of ${vm.name} changed meanwhile (${error.message}).`,
    )
  const known = act === 'start' ? await explainStart(error.message, vm, () => findOpenDisk(host, vm)) : null
  return new Refusal(`${known ?? `${TITLES[act]} of ${vm.name} failed.`} (libvirt: ${error.message})`)
}
