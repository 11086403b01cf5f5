import 'server-only'
import { isConnectionError, isLibvirtError } from 'node-libvirt'
import { requireHost } from '../hosts/find-vm.ts'
import { HostDown } from '../hosts/host-connection.ts'
import type { Host } from '../hosts/host.ts'
import { findChainFaults } from './find-chain-faults.ts'
import { findDeepChains } from './find-deep-chains.ts'
import { findNextStarts } from './find-next-starts.ts'
import { findFormatFaults } from './find-format-faults.ts'
import { findOrphans } from './find-orphans.ts'
import { findSnapshotFaults } from './find-snapshot-faults.ts'
import { findWaiting } from './find-waiting.ts'
import type { Found } from './found.ts'
import { readUsage } from './read-usage.ts'
import { imageFolders, surveyHost, type SurveyedVm } from './survey-host.ts'
import type { CheckReport, Severity } from './types.ts'

const ORDER: Record<Severity, number> = { danger: 0, warn: 1, info: 2 }

export interface Check {
  found: Found[]
  notes: string[]
  folders: string[]
}

/** Looks at everything of a host anew. Changes nothing. Throws HostDown and VmGone. */
export async function checkHost(hostName: string): Promise<CheckReport> {
  const check = await lookAtHost(requireHost(hostName), () => true)
  return toReport(check, check.found)
}

/** The check with what its repairs do. `askAgent` says which guests' agents are asked whether they are frozen. */
export async function lookAtHost(host: Host, askAgent: (vm: SurveyedVm) => boolean): Promise<Check> {
  try {
    return await look(host, askAgent)
  } catch (error) {
    // A QEMU that has just begun to hang holds up the statistics of all VMs: a word for the page, not an unknown error.
    throw isConnectionError(error)
      ? new HostDown(`${host.name} did not answer everything that a check asks: ${error.message}`, {
          cause: error,
        })
      : error
  }
}

async function look(host: Host, askAgent: (vm: SurveyedVm) => boolean): Promise<Check> {
  const survey = await surveyHost(host)
  const { hasFiles } = survey
  if (hasFiles)
    await Promise.all(
      survey.vms.map(async ({ vm }) => {
        await host.jobs.fresh(vm).catch((error: unknown) => {
          if (isConnectionError(error)) throw error
          survey.gaps.push(`The block jobs of ${vm.name} could not be read.`)
        })
        // The files of a running backup stand in no XML that is read here.
        if (host.jobs.jobsOf(vm.uuid).some((job) => job.type === 'backup'))
          survey.gaps.push(`A backup of ${vm.name} runs, and what it writes can’t be told from unused files.`)
      }),
    )
  const notes = [...survey.gaps]
  const listings = hasFiles ? await list(host, imageFolders(survey), notes) : new Map<string, string[]>()
  const usage = await readUsage(survey, [...listings.values()].flat())
  const diskUsers = new Map<string, Set<string>>()
  for (const { vm, disks } of survey.vms)
    for (const { chain } of disks)
      for (const { reading } of chain?.layers ?? [])
        diskUsers.set(reading.path, (diskUsers.get(reading.path) ?? new Set()).add(vm.uuid))
  const found = [
    ...(await findWaiting(survey, askAgent, notes)),
    ...(await findSnapshotFaults(survey)),
    ...(hasFiles ? findChainFaults(survey, (path) => diskUsers.get(path)?.size ?? 0) : []),
    ...(hasFiles ? findDeepChains(survey) : []),
    ...findNextStarts(survey),
    ...(hasFiles ? await findFormatFaults(survey, usage) : []),
    ...(await findOrphans(survey, usage, listings, notes)),
  ]
  return { found, notes: [...new Set(notes)], folders: [...listings.keys()] }
}

async function list(host: Host, folders: readonly string[], notes: string[]): Promise<Map<string, string[]>> {
  const listings = new Map<string, string[]>()
  for (const folder of folders) {
    try {
      listings.set(folder, await host.files.list(folder))
    } catch (error) {
      if (!isLibvirtError(error)) throw error
      notes.push(`The files in ${folder} could not be listed: ${error.message}.`)
    }
  }
  return listings
}

export function toReport(check: Check, shown: readonly Found[]): CheckReport {
  const findings = shown
    .map(({ finding }) => finding)
    .sort((a, b) => ORDER[a.severity] - ORDER[b.severity] || b.reclaimableBytes - a.reclaimableBytes)
  return {
    findings,
    reclaimableBytes: findings.reduce((sum, finding) => sum + finding.reclaimableBytes, 0),
    notes: check.notes,
    folders: check.folders,
    checkedAtMs: Date.now(),
  }
}
