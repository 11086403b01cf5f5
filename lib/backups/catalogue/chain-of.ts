interface Link {
  id: string
  parentId: string | null
}

export interface Chain<T> {
  /** The backup first, then each one that it rests on, down to its full; a broken chain ends earlier. */
  links: T[]
  /** Why the chain does not reach a full, and at which id; null: it does. */
  broken: { why: 'gone' | 'circle'; id: string } | null
}

/**
 * Walks from a backup down to its full. `find` looks up an id in the same target. Manifests can be edited by hand, so a
 * backup that names itself, or a circle, ends the walk. Pure.
 */
export function walkDown<T extends Link>(backup: T, find: (id: string) => T | undefined): Chain<T> {
  const links = [backup]
  const seen = new Set([backup.id])
  for (let id = backup.parentId; id !== null;) {
    if (seen.has(id)) return { links, broken: { why: 'circle', id } }
    const parent = find(id)
    if (!parent) return { links, broken: { why: 'gone', id } }
    links.push(parent)
    seen.add(id)
    id = parent.parentId
  }
  return { links, broken: null }
}

/** Finds backups of one target by their ids. */
export function byId<T extends Link>(backups: readonly T[]): (id: string) => T | undefined {
  const all = new Map(backups.map((backup) => [backup.id, backup]))
  return (id) => all.get(id)
}

/** A backup with all below it in its target, by what is known of them; null where its chain does not reach a full. Pure. */
export function chainOf<T extends Link & { targetId: string }>(backups: readonly T[], backup: T): T[] | null {
  const { links, broken } = walkDown(backup, (id) =>
    backups.find((each) => each.targetId === backup.targetId && each.id === id),
  )
  return broken === null ? links : null
}
