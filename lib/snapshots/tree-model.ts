/** A VM's snapshots and layers as far as deleting changes them. Plain data; pure. */

export interface ModelSnapshot {
  name: string
  parent: string | null
  /** Its disks by target. `frozen`: the file that it froze, which a revert reads. */
  disks: { target: string; kind: 'external' | 'internal' | 'no'; frozen: string | null }[]
  /** The file of every disk in the definition that is stored with it. */
  sources: Record<string, string | null>
}

export interface TreeModel {
  snapshots: readonly ModelSnapshot[]
  current: string | null
  running: boolean
  /** The file that each disk of the VM writes to now. */
  active: Readonly<Record<string, string | null>>
  /** What lies below each file; null for a base. */
  backing: Readonly<Record<string, string | null>>
  /** Layers into which a delete was begun and not finished: the same delete again goes on with what is left. */
  unfinished: readonly string[]
}

/** One disk's part of a delete. */
export interface LayerMerge {
  target: string
  /** The layer that goes. */
  from: string
  /** The layer that receives what it holds. */
  into: string
}

export interface DeleteStep {
  snapshot: string
  merges: LayerMerge[]
  /** Files that go with nothing taken from them. */
  removed: string[]
  /** Layers that stood on one that goes: libvirt rewrites their headers. */
  rebased: string[]
}

export type DeleteOutcome =
  { refusal: string; remedy: string | null } | { step: DeleteStep; after: TreeModel }

const refuse = (refusal: string, remedy: string | null = null): DeleteOutcome => ({ refusal, remedy })
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const byName = ({ snapshots }: TreeModel, name: string | null): ModelSnapshot | undefined =>
  snapshots.find((each) => each.name === name)
export const childrenOf = ({ snapshots }: TreeModel, name: string): ModelSnapshot[] =>
  snapshots.filter((each) => each.parent === name)

/** The snapshots from `name` up to the root, itself first. */
export function lineOf(model: TreeModel, name: string | null): string[] {
  const line: string[] = []
  for (let at = byName(model, name); at && !line.includes(at.name); at = byName(model, at.parent))
    line.push(at.name)
  return line
}

/** Every snapshot below one, children before their parents; itself last. */
export function withDescendants(model: TreeModel, name: string): string[] {
  return [...childrenOf(model, name).flatMap((child) => withDescendants(model, child.name)), name]
}

/** The files from `path` down to the base. */
export function chainFrom({ backing }: TreeModel, path: string | null): string[] {
  const chain: string[] = []
  for (let at = path; at !== null && !chain.includes(at); at = backing[at] ?? null) chain.push(at)
  return chain
}

/**
 * What libvirt does to delete one snapshot, or why it refuses (11.3, src/qemu/qemu_snapshot.c; each case tried by hand). It knows four
 * positions: a leaf off the chain that is in use, the current leaf, one with a single child on that chain, and all others, which
 * it refuses.
 */
export function simulateDelete(model: TreeModel, name: string): DeleteOutcome {
  const snapshot = byName(model, name)
  if (!snapshot) return refuse(`There is no snapshot ${name}.`)
  const external = snapshot.disks.filter((disk) => disk.kind === 'external')
  if (external.length === 0) return deleteInternal(model, snapshot)
  const children = childrenOf(model, name)
  const isOnChain = lineOf(model, model.current).includes(name)
  const parent = byName(model, snapshot.parent)
  const names = children.map((each) => each.name).join(', ')
  if (model.current === name && children.length > 0)
    return refuse(
      `${name} is the current snapshot and has ${children.length === 1 ? `a child` : 'children'} on another branch (${names}): libvirt can’t delete it.`,
      'Delete those first, revert to one of them, or delete it with its children.',
    )
  if (children.length > 1)
    return refuse(
      `${name} has ${children.length} children (${names}), and libvirt can merge its layer into one only.`,
      'Delete all but one of them first, or delete it with its children.',
    )
  if (children.length > 0 && !isOnChain)
    return refuse(
      `${name} lies on a branch that the VM does not run on, and ${names} stands on it: libvirt can’t delete it.`,
      `Revert to ${names} first, or delete it with its children.`,
    )
  if (parent?.disks.some((disk) => disk.kind === 'internal'))
    return refuse(
      `Its parent ${parent.name} is an internal snapshot, and libvirt can’t delete an external one above it.`,
      'Merge its layer instead.',
    )
  const detached = external.find((disk) => !(disk.target in model.active))
  if (detached)
    return refuse(
      `The VM has no disk ${detached.target} any more, which is part of ${name}: libvirt can’t delete it.`,
      'Delete its metadata only; the files stay.',
    )
  return isOnChain ? mergeDown(model, snapshot, children[0]) : removeLeaf(model, snapshot)
}

/** Nothing is merged and no file goes: the snapshot lies inside its image. */
function deleteInternal(model: TreeModel, snapshot: ModelSnapshot): DeleteOutcome {
  const moved = snapshot.disks.find(
    (disk) =>
      model.running &&
      disk.kind === 'internal' &&
      disk.target in model.active &&
      snapshot.sources[disk.target] !== model.active[disk.target],
  )
  if (moved)
    return refuse(
      `${snapshot.name} lies inside ${baseName(snapshot.sources[moved.target] ?? '')}, and ${moved.target} writes to ${baseName(model.active[moved.target] ?? 'nothing')} now: libvirt can’t reach it while the VM runs.`,
      'Merge down first, or delete it while the VM is off.',
    )
  return {
    step: { snapshot: snapshot.name, merges: [], removed: [], rebased: [] },
    after: forget(model, snapshot),
  }
}

/** The one on the chain: the layer above what it froze moves into that. */
function mergeDown(
  model: TreeModel,
  snapshot: ModelSnapshot,
  child: ModelSnapshot | undefined,
): DeleteOutcome {
  const merges: LayerMerge[] = []
  for (const { target, frozen } of snapshot.disks.filter((disk) => disk.kind === 'external')) {
    const from = child ? (child.sources[target] ?? null) : (model.active[target] ?? null)
    const chain = chainFrom(model, model.active[target] ?? null)
    const isWhole = frozen !== null && from !== null && chain.includes(from) && model.backing[from] === frozen
    if (!isWhole && frozen !== null && model.unfinished.includes(frozen)) continue
    if (!isWhole)
      return refuse(
        `${target}: ${baseName(from ?? 'its layer')} does not stand on ${baseName(frozen ?? 'what it froze')} any more, because layers were merged since: libvirt can’t delete ${snapshot.name}.`,
        'Delete its metadata only; no file is touched.',
      )
    merges.push({ target, from, into: frozen })
  }
  const heirs = new Map(merges.map(({ from, into }) => [from, into]))
  const renamed = (path: string | null) => (path === null ? null : (heirs.get(path) ?? path))
  const also = model.snapshots.find(
    (each) =>
      each !== child &&
      each.disks.some((disk) => disk.kind === 'external' && disk.frozen !== null && heirs.has(disk.frozen)),
  )
  if (also) return refuse(`${also.name} froze the layer that would be merged, too: its data would change.`)
  const rebased = Object.entries(model.backing)
    .filter(([path, below]) => below !== null && heirs.has(below) && !heirs.has(path))
    .map(([path]) => path)
  const after: TreeModel = {
    snapshots: model.snapshots.map((each) => ({
      ...each,
      disks: each.disks.map((disk) => ({ ...disk, frozen: renamed(disk.frozen) })),
      sources: Object.fromEntries(
        Object.entries(each.sources).map(([target, path]) => [target, renamed(path)]),
      ),
    })),
    current: model.current,
    running: model.running,
    unfinished: model.unfinished,
    active: Object.fromEntries(Object.entries(model.active).map(([target, path]) => [target, renamed(path)])),
    backing: Object.fromEntries(
      Object.entries(model.backing)
        .filter(([path]) => !heirs.has(path))
        .map(([path, below]) => [path, renamed(below)]),
    ),
  }
  return {
    step: { snapshot: snapshot.name, merges, removed: [], rebased },
    after: forget(after, snapshot),
  }
}

/** A leaf off the chain: libvirt unlinks what it froze, unasked, unless it is a root (measured). */
function removeLeaf(model: TreeModel, snapshot: ModelSnapshot): DeleteOutcome {
  const frozen = snapshot.disks.flatMap((disk) =>
    disk.kind === 'external' && disk.frozen !== null ? [disk.frozen] : [],
  )
  const removed = snapshot.parent === null ? [] : frozen
  const inUse = Object.values(model.active).flatMap((path) => chainFrom(model, path))
  for (const path of removed) {
    const reader = model.snapshots.find(
      (each) =>
        each !== snapshot &&
        each.disks.some((disk) => disk.kind === 'external' && chainFrom(model, disk.frozen).includes(path)),
    )
    if (reader || inUse.includes(path))
      return refuse(
        `libvirt would remove ${baseName(path)}, which ${reader ? `the snapshot ${reader.name}` : 'the VM itself'} still needs.`,
        'Delete its metadata only; no file is touched.',
      )
  }
  return {
    step: { snapshot: snapshot.name, merges: [], removed, rebased: [] },
    after: forget(
      {
        ...model,
        backing: Object.fromEntries(
          Object.entries(model.backing).filter(([path]) => !removed.includes(path)),
        ),
      },
      snapshot,
    ),
  }
}

const forget = (model: TreeModel, { name, parent }: ModelSnapshot): TreeModel => ({
  ...model,
  current: model.current === name ? parent : model.current,
  snapshots: model.snapshots
    .filter((each) => each.name !== name)
    .map((each) => (each.parent === name ? { ...each, parent } : each)),
})

/** Deletes in this order, each on what the one before left; ends at the first refusal. */
export function simulateDeletes(
  model: TreeModel,
  order: readonly string[],
): { steps: DeleteStep[]; after: TreeModel; refusal: string | null; remedy: string | null } {
  const steps: DeleteStep[] = []
  let after = model
  for (const name of order) {
    const outcome = simulateDelete(after, name)
    if ('refusal' in outcome) return { steps, after, ...outcome }
    steps.push(outcome.step)
    after = outcome.after
  }
  return { steps, after, refusal: null, remedy: null }
}
