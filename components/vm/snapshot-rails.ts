import type { SnapshotNode } from '@/lib/snapshots/types'

/** Branches deeper than this share the last indent: names must stay readable at 390 px. */
const INDENT_MAXIMUM = 5

/**
 * How far each snapshot is set in, by name. A line of snapshots stays straight; only where the VM was reverted and went
 * on another way do the children of one snapshot stand further in.
 */
export function snapshotIndents(nodes: readonly SnapshotNode[]): Map<string, number> {
  const indents = new Map<string, number>()
  const byName = new Map(nodes.map((node) => [node.name, node]))
  for (const node of nodes) {
    const parent = node.parent === null ? undefined : byName.get(node.parent)
    const above = parent ? (indents.get(parent.name) ?? 0) : 0
    indents.set(node.name, Math.min(INDENT_MAXIMUM, above + (parent && parent.children.length > 1 ? 1 : 0)))
  }
  return indents
}
