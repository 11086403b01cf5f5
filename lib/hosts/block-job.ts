import 'server-only'
import type { BlockJobInfo, Domain } from 'node-libvirt'
import { parseDomainXml } from './domain-xml.ts'

/** The block job of one disk, as libvirt has it now. */
export interface BlockJobReading {
  info: BlockJobInfo
  /** True when only the pivot or the abort is missing: libvirt takes either without loss. */
  ready: boolean
}

/** Bytes done and to do; both are QEMU's and may grow. */
type Progress = Pick<BlockJobInfo, 'cur' | 'end'>

/**
 * Whether a mirror may be ended: QEMU has told that it is ready (libvirt keeps cur below end until then), and libvirt has
 * taken note of it in the disk's `<mirror>`, which comes a moment later; before that a pivot is refused.
 */
export const isReady = (info: Progress & Pick<BlockJobInfo, 'type'>, mirrorReady: boolean): boolean =>
  mayBeReady(info) && mirrorReady

const mayBeReady = ({ type, cur, end }: Progress & Pick<BlockJobInfo, 'type'>) =>
  (type === 'copy' || type === 'active-commit') && end > 0 && cur === end

/**
 * 0–100 in whole percent; null while QEMU has not said yet: 0/0, 0/1 and 1/1 are its words for "not known" and "empty"
 * (lib/node-libvirt/WIRE.md, section 10).
 */
export function percentOf({ cur, end }: Progress, ready = false): number | null {
  if (end > 1) return Math.min(100, Math.floor((cur / end) * 100))
  return ready ? 100 : null
}

/** Asks for the block job of a disk; null: there is none. Throws LibvirtError, also for a VM that is off. */
export async function readBlockJob(domain: Domain, target: string): Promise<BlockJobReading | null> {
  const info = await domain.getBlockJobInfo(target)
  if (info === null) return null
  if (!mayBeReady(info)) return { info, ready: false }
  const disk = parseDomainXml(await domain.getXMLDesc()).disks.find((each) => each.target === target)
  return { info, ready: isReady(info, disk?.mirror?.ready ?? false) }
}
