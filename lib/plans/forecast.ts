import type { Pace } from '../jobs/pace.ts'

/** How long steps are expected to take, from this host's own past jobs. */
export interface Forecast {
  /** For a step that copies; null while no job of this host has copied anything. */
  copyMs(bytes: number): number | null
  /** Of a whole job that copies nothing. */
  jobMs: number | null
  sentence: string
}

const SHORTEST_MS = 1_000

/** From the last jobs of such kinds on the host. Pure. */
export function forecastOf(host: string, pace: Pace): Forecast {
  const { bytesPerMs } = pace
  return {
    copyMs: (bytes) => (bytesPerMs === null ? null : Math.max(SHORTEST_MS, Math.round(bytes / bytesPerMs))),
    jobMs: pace.medianMs,
    sentence:
      pace.jobs === 0
        ? `No forecast yet: ${host} has done none of these so far.`
        : `Expected from ${pace.jobs === 1 ? 'the last one' : `the last ${pace.jobs}`} on ${host}.`,
  }
}
