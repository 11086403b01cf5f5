import 'server-only'
import type { Domain } from 'node-libvirt'
import { hasSnapshot } from '../hosts/snapshot-metadata.ts'
import {
  forgetSnapshots,
  moveSnapshots,
  redefineSnapshot,
  type MovedLayer,
  type Naming,
} from '../merges/reconcile-snapshots.ts'

const MARK = /\s*<snapshotDeleteInProgress\s*\/>/g

export interface FinishDelete {
  snapshot: string
  parent: string
  grandchildren: string[]
  moves: MovedLayer[]
}

/** Brings libvirt's entries to what a merge that QEMU finished alone has left. Each change can be done twice; the mark goes last. */
export async function finishDelete(
  domain: Domain,
  { snapshot, parent, grandchildren, moves }: FinishDelete,
  naming: Naming,
): Promise<void> {
  for (const move of moves) await moveSnapshots(domain, grandchildren, move, naming)
  await forgetSnapshots(domain, [snapshot], naming)
  await redefineSnapshot(domain, parent, (xml) => xml.replace(MARK, ''), naming)
}

/** True when nothing of it is left to do. */
export async function isDeleteFinished(domain: Domain, { snapshot, parent }: FinishDelete): Promise<boolean> {
  return (
    !(await hasSnapshot(domain, snapshot)) &&
    !(await (await domain.snapshotLookupByName(parent)).getXMLDesc()).includes('<snapshotDeleteInProgress')
  )
}
