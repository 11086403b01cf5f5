interface Link {
  id: string
  targetId: string
  parentId: string | null
}

/** A backup with all below it in its target, by what is known of them; null where one of them is gone. Pure. */
export function chainOf<T extends Link>(backups: readonly T[], backup: T): T[] | null {
  const chain = [backup]
  while (chain.at(-1)!.parentId !== null) {
    const parent = backups.find(
      (each) => each.targetId === backup.targetId && each.id === chain.at(-1)!.parentId,
    )
    if (!parent || chain.length > backups.length) return null
    chain.push(parent)
  }
  return chain
}
