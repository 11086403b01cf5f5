import 'server-only'
import {
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
import { AGENT_DEADLINE_SECONDS, askAgent, isAgentError } from './ask-agent.ts'
import { snapshotXml, type SnapshotXmlDisk } from './snapshot-xml.ts'
import type { FreezeReport, QuiesceMode } from './types.ts'

/** A guest that is frozen for longer is thawed by the guard, snapshot or not. */
export const FREEZE_LIMIT_MS = 30_000
/** libvirt's own calls around it included; the freeze itself ends at AGENT_DEADLINE_SECONDS. */
const CREATE_DEADLINE_MS = 120_000

export interface SnapshotRequest {
  name: string
  description: string
  /** libvirt is to remember nothing of it: overlays that are merged back at once. */
  withoutMetadata?: boolean
  quiesce: QuiesceMode
  /** Every disk of the VM; those without an overlay are left out. */
  disks: SnapshotXmlDisk[]
}

/**
 * Takes one atomic disk-only snapshot. Whatever fails after a freeze was asked for, the guest is thawed.
 * Throws Refusal when quiesce is required and can't be had; nothing is changed then.
 */
export async function takeSnapshot(
  host: Host,
  uuid: string,
  request: SnapshotRequest,
  call: LogCall = notLogged,
): Promise<FreezeReport> {
  return host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(uuid)
    const create = (quiesce: boolean) => createLogged(host, domain, request, quiesce, call)
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
      await create(true)
      await freeze.over()
      if (Date.now() > freeze.deadlineMs)
        return {
          frozen: false,
          reason: `it took longer than ${FREEZE_LIMIT_MS / 1000} s, so the guest was thawed before its disks were switched.`,
        }
      return {
        frozen: true,
        atMostMs: Math.ceil(performance.now() - startedMs),
        fileSystems: agent.fileSystems,
      }
    } catch (error) {
      // A freeze that we gave up waiting for happens later and stays (lib/hosts/LIBVIRT.md, “Freezing”), and a call that was cut
      // off goes on in the daemon: thaw until the agent answers, whatever the error was.
      freeze.giveUp()
      if (!isAgentError(error)) throw error
      const reason = `the guest agent did not freeze the file systems within ${AGENT_DEADLINE_SECONDS} s (${error.message}).`
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
