import 'server-only'
import { isLibvirtError, VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT, VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC, VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY, VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE, VIR_ERR_AGENT_COMMAND_FAILED, VIR_ERR_AGENT_COMMAND_TIMEOUT, VIR_ERR_AGENT_UNRESPONSIVE, type Domain } from 'node-libvirt'
import type { Host } from '../hosts/host.ts'
import { Refusal } from '../jobs/refusal.ts'
import { snapshotXml, type SnapshotXmlDisk } from './snapshot-xml.ts'
import { thawUntilAnswered } from '../hosts/thaw.ts'
import type { FreezeReport, QuiesceMode } from './types.ts'

/** Seconds an agent may take to freeze before we give up. */
export const AGENT_DEADLINE_SECONDS = 10
/** libvirt's own calls around it included; the freeze itself ends at AGENT_DEADLINE_SECONDS. */
const CREATE_DEADLINE_MS = 120_000

export interface SnapshotRequest {
  name: string
  description: string
  quiesce: QuiesceMode
  /** Every disk of the VM; those without an overlay are left out. */
  disks: SnapshotXmlDisk[]
}

/**
 * Takes one atomic disk-only snapshot. Whatever fails after a freeze was asked for, the guest is thawed.
 * Throws Refusal when quiesce is required and can't be had; nothing is changed then.
 */
export async function takeSnapshot(host: Host, uuid: string, request: SnapshotRequest): Promise<FreezeReport> {
  return host.connection.operate(async (connect) => {
    const domain = await connect.domainLookupByUUID(uuid)
    const agent = await askAgent(domain, request.quiesce)
    if ('frozen' in agent) {
      if (request.quiesce === 'required') throw new Refusal(`No snapshot was taken, because quiesce is required: ${agent.reason}`)
      await create(domain, request, false)
      return agent
    }
    try {
      const startedMs = performance.now()
      await create(domain, request, true)
      return { frozen: true, atMostMs: Math.ceil(performance.now() - startedMs), fileSystems: agent.fileSystems }
    } catch (error) {
      // A freeze that we gave up waiting for happens later and stays (DESIGN.md, section 5), and a call that was cut
      // off goes on in the daemon: thaw until the agent answers, whatever the error was.
      void thawUntilAnswered(host, uuid)
      if (!isAgentError(error)) throw error
      const reason = `the guest agent did not freeze the file systems within ${AGENT_DEADLINE_SECONDS} s (${error.message}).`
      if (request.quiesce === 'required') throw new Refusal(`No snapshot was taken, because quiesce is required: ${reason} It is being thawed in case it freezes later.`)
      await create(domain, request, false)
      return { frozen: false, reason }
    } finally {
      await domain.agentSetResponseTimeout(VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT).catch(() => undefined)
    }
  })
}

function create(domain: Domain, request: SnapshotRequest, quiesce: boolean) {
  const flags = [VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY, VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC, ...(quiesce ? [VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE] : [])]
  return domain.snapshotCreateXML(snapshotXml(request.name, request.description, request.disks), flags, { deadlineMs: CREATE_DEADLINE_MS })
}

const isAgentError = (error: unknown): error is Error =>
  isLibvirtError(error) && [VIR_ERR_AGENT_UNRESPONSIVE, VIR_ERR_AGENT_COMMAND_TIMEOUT, VIR_ERR_AGENT_COMMAND_FAILED].includes(error.code)

/** QUIESCE tells no number of file systems, so they are counted beforehand; that also proves the agent alive. */
async function askAgent(domain: Domain, mode: QuiesceMode): Promise<{ fileSystems: number } | { frozen: false; reason: string }> {
  if (mode === 'off') return { frozen: false, reason: 'quiesce was off.' }
  const { state } = await domain.getState()
  if (state === 'shut off') return { frozen: false, reason: 'the VM is off, so there is nothing to freeze.' }
  if (state !== 'running') return { frozen: false, reason: `the VM is ${state}, so its agent can’t answer.` }
  try {
    await domain.agentSetResponseTimeout(AGENT_DEADLINE_SECONDS)
    return { fileSystems: (await domain.getFSInfo({ deadlineMs: (AGENT_DEADLINE_SECONDS + 5) * 1000 })).length }
  } catch (error) {
    if (!isLibvirtError(error)) throw error
    await domain.agentSetResponseTimeout(VIR_DOMAIN_AGENT_RESPONSE_TIMEOUT_DEFAULT).catch(() => undefined)
    if (/frozen/i.test(error.message)) return { frozen: false, reason: 'its file systems are frozen already, by someone else. Thaw them first.' }
    if (/not configured/i.test(error.message)) return { frozen: false, reason: 'the VM has no channel for the QEMU guest agent.' }
    return { frozen: false, reason: `the guest agent does not answer (${error.message}).` }
  }
}
