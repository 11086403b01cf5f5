import 'server-only'
import { VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT, type Domain } from 'node-libvirt'
import { DomainCalls } from '../../hosts/described-calls.ts'
import { holdFreeze, type HeldFreeze } from '../../hosts/hold-freeze.ts'
import type { Host } from '../../hosts/host.ts'
import { Refusal } from '../../jobs/refusal.ts'
import type { LogCall } from '../../jobs/step-log.ts'
import { AGENT_DEADLINE_SECONDS, askAgent, isAgentError, whyNotFrozen } from '../../snapshots/ask-agent.ts'
import { describeConsistency as describe } from '../../snapshots/describe-freeze.ts'
import { FREEZE_LIMIT_MS } from '../../snapshots/take-snapshot.ts'
import type { FreezeReport, QuiesceMode } from '../../snapshots/types.ts'

/**
 * Does what libvirt can't quiesce for (backupBegin) while the guest is frozen by us: recorded and guarded before, thawed right after, and
 * whatever fails (../hosts/README.md). Throws Refusal when quiesce is required and can't be had; `act` was not run then, or its error counts.
 */
export async function whileFrozen(
  host: Host,
  domain: Domain,
  mode: QuiesceMode,
  call: LogCall,
  act: () => Promise<void>,
): Promise<FreezeReport> {
  const unfrozen = async (reason: string): Promise<FreezeReport> => {
    if (mode === 'required') throw new Refusal(`No backup was begun, because quiesce is required: ${reason}`)
    await act()
    return { frozen: false, reason }
  }
  const agent = await askAgent(domain, mode)
  if ('frozen' in agent) return unfrozen(agent.reason)
  try {
    const hold = await holdFreeze(host, domain.uuid, FREEZE_LIMIT_MS).catch((error: Error) => error)
    if (hold instanceof Error) return await unfrozen(`${hold.message}, and without it nothing is frozen.`)
    return await frozen(host, domain, hold, call, act, unfrozen)
  } finally {
    await domain.agentSetResponseTimeout(VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT).catch(() => undefined)
  }
}

async function frozen(
  host: Host,
  domain: Domain,
  hold: HeldFreeze,
  call: LogCall,
  act: () => Promise<void>,
  unfrozen: (reason: string) => Promise<FreezeReport>,
): Promise<FreezeReport> {
  const calls = new DomainCalls(host.connection.uri, domain)
  const agentAnswers = { deadlineMs: (AGENT_DEADLINE_SECONDS + 5) * 1000 }
  const startedMs = performance.now()
  let fileSystems: number
  try {
    fileSystems = await call(calls.fsFreeze(agentAnswers))
  } catch (error) {
    // One that we gave up waiting for happens later and stays (lib/hosts/LIBVIRT.md, “Freezing”).
    hold.giveUp()
    if (!isAgentError(error)) throw error
    return unfrozen(whyNotFrozen(error))
  }
  let thawError: string | undefined
  try {
    await act()
  } finally {
    await call(calls.fsThaw(agentAnswers)).then(hold.over, (error: Error) => {
      thawError = error.message
      hold.giveUp()
    })
  }
  if (Date.now() > hold.deadlineMs)
    return {
      frozen: false,
      reason: `it took longer than ${FREEZE_LIMIT_MS / 1000} s, so the guest was thawed before the backup had begun.`,
    }
  return {
    frozen: true,
    atMostMs: Math.ceil(performance.now() - startedMs),
    fileSystems,
    ...(thawError === undefined ? {} : { thawError }),
  }
}

/** How consistent a backup is, in sentences. */
export const describeConsistency = (freeze: FreezeReport): string => describe(freeze, 'backup')
