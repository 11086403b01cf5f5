import 'server-only'
import { posix } from 'node:path'
import type { WalkedChain } from '../hosts/follow-headers.ts'
import { walkChain } from '../hosts/walk-chain.ts'
import type { Survey } from './survey-host.ts'

/** What is used on a host, and by what. */
export interface Usage {
  /** By path: "vda of web", "the snapshot s1 of web". */
  users: Map<string, string>
  /** Running VMs that have the file open, by path. */
  openBy: Map<string, string[]>
  /** Volumes that an XML names without their folder, and saved states that libvirt itself manages. */
  usedNames: Map<string, string>
  /** Of every used file: its changes to the ns and its length. Equal ones are one file under two names. */
  identities: Map<string, string>
}

/** Gathers it from a survey; follows the backing files of everything in `listed` that is used. */
export async function readUsage(survey: Survey, listed: readonly string[]): Promise<Usage> {
  const usage: Usage = { users: new Map(), openBy: new Map(), usedNames: new Map(), identities: new Map() }
  // libvirt keeps a path as it was typed, /images//web.qcow2 for example.
  const mark = (typed: string, user: string) => {
    for (const path of new Set([typed, posix.normalize(typed)]))
      if (!usage.users.has(path)) usage.users.set(path, user)
  }
  const markChain = (chain: WalkedChain, user: string) => {
    for (const { reading } of chain.layers) {
      mark(reading.path, user)
      if (reading.kind === 'found') usage.identities.set(identityOf(reading), reading.path)
    }
  }
  for (const { vm, disks, nextStart, snapshots, namedPaths, namedVolumes, hasManagedSave } of survey.vms) {
    for (const { disk, open, chain } of disks) {
      const user = `${disk.target} of ${vm.name}`
      if (chain) markChain(chain, user)
      for (const path of open ?? []) mark(path, user)
      if (vm.running)
        for (const path of new Set([
          ...(open ?? []),
          ...(chain?.layers.map((layer) => layer.reading.path) ?? []),
        ]))
          usage.openBy.set(path, [...(usage.openBy.get(path) ?? []), vm.name])
    }
    for (const chain of nextStart) markChain(chain, `${vm.name} at its next start`)
    for (const snapshot of snapshots) {
      const user = `the snapshot ${snapshot.name} of ${vm.name}`
      for (const { chain } of snapshot.chains) markChain(chain, user)
      if (snapshot.memoryPath !== null) mark(snapshot.memoryPath, user)
    }
    for (const path of namedPaths) mark(path, `the configuration or a snapshot of ${vm.name}`)
    for (const name of namedVolumes) usage.usedNames.set(name, `a volume of ${vm.name}`)
    if (hasManagedSave) usage.usedNames.set(`${vm.name}.save`, `the saved state of ${vm.name}`)
  }
  // Named somewhere, the overlay of a snapshot on an unused branch for example: what lies below it is used, too.
  const walked = new Set(
    survey.vms.flatMap(({ disks }) =>
      disks.flatMap(({ chain }) => chain?.layers.map((layer) => layer.reading.path) ?? []),
    ),
  )
  for (const path of listed) {
    const user = usage.users.get(path) ?? usage.usedNames.get(posix.basename(path))
    if (user !== undefined && !walked.has(path))
      markChain(await walkChain(survey.host.files, path, null), user)
  }
  return usage
}

export const identityOf = (file: { timestamps: string; lengthBytes: number }): string =>
  `${file.timestamps} ${file.lengthBytes}`
