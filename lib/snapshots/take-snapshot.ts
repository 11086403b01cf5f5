import 'server-only'
import {
  isLibvirtError,
  VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT,
  VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC,
  VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY,
  VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA,
  VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE,
  type Domain,
} from 'node-libvirt'
import { holdFreeze } from '../hosts/hold-freeze.ts'
import type { Host } from '../hosts/host.ts'
import { DomainCalls } from '../hosts/described-calls.ts'
import { Refusal } from '../jobs/refusal.ts'
import { notLogged, type LogCall } from '../jobs/step-log.ts'
import { asleepRefusal } from './asleep-refusal.ts'
import { askAgent, isAgentError, whyNotFrozen } from './ask-agent.ts'
import { readBefore, settleFailedCreate } from './settle-failed-create.ts'
import type { SnapshotRequest } from './snapshot-request.ts'
import { snapshotXml, type DomainBefore } from './snapshot-xml.ts'
import type { FreezeReport } from './types.ts'

/** A guest that is frozen for longer is thawed by the guard, snapshot or not. */
export const FREEZE_LIMIT_MS = 30_000
/** libvirt's own calls around it included; the freeze itself ends at AGENT_DEADLINE_SECONDS. */
const CREATE_DEADLINE_MS = 120_000

/**
 * Takes one atomic disk-only snapshot. Whatever fails after a freeze was asked for, the guest is thawed.
 * Throws Refusal when quiesce is required and can't be had: nothing is changed then, which was looked at; and when libvirt's call failed
 * with the disks switched. libvirt's own error means that no disk was switched.
 */
export async function takeSnapshot(
  host: Host,
  uuid: string,
  request: SnapshotRequest,
  call: LogCall = notLogged,
): Promise<FreezeReport> {
  return host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(uuid)
    // A guest may fall asleep while its job waits in the queue.
    const asleep = asleepRefusal({ name: domain.name, ...(await domain.getState()) })
    if (asleep !== null) throw new Refusal(`No snapshot was taken: ${asleep}`)
    const create = async (quiesce: boolean): Promise<'reported' | Error> => {
      const before = quiesce && !request.withoutMetadata ? await readBefore(domain, request) : null
      return createSeen(host, domain, request, quiesce, before, call)
    }
    const agent = await askAgent(domain, request.quiesce)
    const freeze =
      'frozen' in agent
        ? agent
        : await holdFreeze(host, uuid, FREEZE_LIMIT_MS).catch((error: Error): FreezeReport => ({
            frozen: false,
            reason: `${error.message}, and without it nothing is frozen.`,
          }))
    if ('frozen' in agent || 'frozen' in freeze) {
      const report = freeze as Extract<FreezeReport, { frozen: false }>
      if (request.quiesce === 'required')
        throw new Refusal(`No snapshot was taken, because quiesce is required: ${report.reason}`)
      await create(false)
      return report
    }
    try {
      const startedMs = performance.now()
      const outcome = await create(true)
      // The snapshot was taken before the thaw went wrong, so the freeze counts.
      const thawError = outcome === 'reported' ? null : outcome.message
      if (thawError === null) await freeze.over()
      else freeze.giveUp()
      if (Date.now() > freeze.deadlineMs)
        return {
          frozen: false,
          reason: `it took longer than ${FREEZE_LIMIT_MS / 1000} s, so the guest was thawed before its disks were switched.`,
        }
      return {
        frozen: true,
        atMostMs: Math.ceil(performance.now() - startedMs),
        fileSystems: agent.fileSystems,
        ...(thawError === null ? {} : { thawError }),
      }
    } catch (error) {
      // A freeze that we gave up waiting for happens later and stays (lib/hosts/LIBVIRT.md, “Freezing”), and a call that was cut
      // off goes on in the daemon: thaw until the agent answers, whatever the error was.
      freeze.giveUp()
      if (!isAgentError(error)) throw error
      const reason = whyNotFrozen(error)
      if (request.quiesce === 'required')
        throw new Refusal(
          `No snapshot was taken, because quiesce is required: ${reason} It is being thawed in case it freezes later.`,
        )
      await create(false)
      return { frozen: false, reason }
    } finally {
      await domain.agentSetResponseTimeout(VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT).catch(() => undefined)
    }
  })
}

/** libvirt's word is not enough, not even for a failure. Gives the error that it reported of a snapshot that was taken. */
async function createSeen(
  host: Host,
  domain: Domain,
  request: SnapshotRequest,
  quiesce: boolean,
  before: DomainBefore | null,
  call: LogCall,
): Promise<'reported' | Error> {
  try {
    await createLogged(host, domain, request, quiesce, call)
    return 'reported'
  } catch (error) {
    if (!isLibvirtError(error)) throw error
    await settleFailedCreate(host.connection.uri, domain, request, before, error, call)
    return error
  }
}

function createLogged(host: Host, domain: Domain, request: SnapshotRequest, quiesce: boolean, call: LogCall) {
  const xml = snapshotXml(request.name, request.description, request.disks)
  const flags = [
    VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY,
    VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC,
    ...(quiesce ? [VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE] : []),
    ...(request.withoutMetadata ? [VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA] : []),
  ]
  return call(
    new DomainCalls(host.connection.uri, domain).snapshotCreateXML(xml, flags, {
      deadlineMs: CREATE_DEADLINE_MS,
    }),
  )
}
