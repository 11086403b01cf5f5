interface Link {
  id: string
  parentId: string | null
}

export interface Chain<T> {
  /** The backup itself first, then what it rests on, down to the full or the last one that is there. */
  links: T[]
  /** Why it does not reach a full; null: it does. `id` is of what is gone, or of where it turns back to. */
  broken: { why: 'gone' | 'circle'; id: string } | null
}

/**
 * A backup with all below it: the one walk of a chain. `find` gives the backup of an id in the same target. A manifest is
 * somebody's file: one that names itself, or a circle, ends the walk. Pure.
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
