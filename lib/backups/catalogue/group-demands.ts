import { demandSentence, type HostDemand } from '../restore/confine-domain.ts'

/** One demand of foreign backups, with how many make it. */
export interface GroupedDemand {
  key: string
  sentence: string
  backups: number
}

/** What these backups ask of the host, each demand once, the most frequent first. Pure. */
export function groupDemands(backups: readonly { demands: HostDemand[] | null }[]): GroupedDemand[] {
  const grouped = new Map<string, GroupedDemand>()
  for (const demand of backups.flatMap((backup) => backup.demands ?? [])) {
    const before = grouped.get(demand.key)
    grouped.set(demand.key, {
      key: demand.key,
      sentence: demandSentence(demand),
      backups: (before?.backups ?? 0) + 1,
    })
  }
  return [...grouped.values()].sort((a, b) => b.backups - a.backups || a.sentence.localeCompare(b.sentence))
}
