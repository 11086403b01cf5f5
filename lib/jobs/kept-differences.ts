/** What a job keeps them under, with the run that they are of: a later one may put things right. */
export const KEPT_DIFFERENCES = 'differences'

interface Kept {
  differences?: { run: number; sentences: string[] }
}

/** Where the job's last run ended otherwise than planned. Pure. */
export function differencesIn({ kept, run }: { kept: string; run: number }): string[] {
  const { differences } = JSON.parse(kept) as Kept
  return differences?.run === run ? differences.sentences : []
}
