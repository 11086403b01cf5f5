import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import type { Inventory } from '../hosts/inventory.ts'
import { isUnreachable } from '../hosts/unreachable.ts'
import { within } from '../hosts/within.ts'
import { perProcess } from '../server/per-process.ts'
import type { HostUses, UsedFile } from './types.ts'

/** The part of a host that is asked for here. */
export interface Hearable {
  name: string
  inventory: Pick<Inventory, 'lastKnown'>
}

/** What was last read of a host with all its definitions: the list of VMs alone knows no snapshots, memory or next start. */
const whole = perProcess('storage/last-heard', () => new WeakMap<object, { atMs: number; uses: HostUses }>())

/** Keeps what a host said when every definition was read anew. */
export function keepHeard(host: Hearable, uses: HostUses): void {
  whole.set(host, { atMs: Date.now(), uses })
}

/** How old what is kept of the host is; Infinity where nothing is. */
export const heardAgeMs = (host: Hearable): number => Date.now() - (whole.get(host)?.atMs ?? -Infinity)

/**
 * What another host says within `waitMs`, else what it last said whole. Only a host that is away, slow or refuses is stood in for:
 * an error of our own must not look like a host that needs nothing.
 */
export async function hear(host: Hearable, reading: Promise<HostUses>, waitMs: number): Promise<HostUses> {
  try {
    return (await within(reading, waitMs, null)) ?? late(host)
  } catch (error) {
    if (isUnreachable(error)) return down(host)
    if (!isLibvirtError(error)) throw error
    const { files, gaps } = lastHeard(host)
    return {
      host: host.name,
      files,
      gaps: [...gaps, `The host ${host.name} does not say what its VMs use: ${error.message}.`],
    }
  }
}

function down(host: Hearable): HostUses {
  return {
    ...lastHeard(host),
    unheard: `The host ${host.name} does not answer: what its VMs used when it last did is taken into account.`,
  }
}

/** It is up, so somebody may have defined a VM since: what it last said is enough for a warning, not for a removal. */
function late(host: Hearable): HostUses {
  return {
    ...lastHeard(host),
    unheard: `The host ${host.name} takes too long to answer: what its VMs used when it last did is taken into account.`,
    isLate: true,
  }
}

/** What it last said whole, and with it what the list of VMs knows: that is younger, by up to ten minutes. */
function lastHeard(host: Hearable): HostUses {
  const listed = listedFiles(host)
  const last = whole.get(host)?.uses
  if (!last)
    return {
      host: host.name,
      files: listed,
      gaps: [
        `The host ${host.name} has not told since Keyframe was started which files its VMs use. Bring it back, or take it out of Keyframe’s settings.`,
      ],
    }
  const heard = new Set(last.files.flatMap(({ uses }) => uses.map((use) => use.vmUuid)))
  const newer = new Set(
    listed.flatMap(({ uses }) => uses.flatMap((use) => (heard.has(use.vmUuid) ? [] : [use.vmName]))),
  )
  return {
    host: host.name,
    files: [...last.files, ...listed],
    doubts: last.doubts ?? [],
    gaps: [
      ...last.gaps,
      ...[...newer].map((name) => `Not all of ${name} on ${host.name} was read while the host answered.`),
    ],
  }
}

/** Files of the disks of each VM, as the list of VMs knows them. */
function listedFiles({ name: host, inventory }: Hearable): UsedFile[] {
  return inventory.lastKnown.flatMap((vm) => {
    const disks = [...(vm.description?.disks ?? []), ...(vm.next?.disks ?? [])]
    return disks.flatMap((disk) => {
      const named = [disk.path, ...disk.layers.map((layer) => layer.path)]
      const paths = new Set([...named, ...(vm.facts?.paths.get(disk.target) ?? [])])
      return [...paths]
        .filter((path) => path !== null)
        .map((path) => ({
          path,
          mark: null,
          uses: [
            {
              host,
              vmUuid: vm.uuid,
              vmName: vm.name,
              running: vm.running,
              kind: 'disk' as const,
              target: disk.target,
              isOther: false,
              snapshot: null,
            },
          ],
        }))
    })
  })
}
