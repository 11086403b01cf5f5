import { perProcess } from '../../server/per-process.ts'

const MIB = 1024 * 1024

/**
 * Bytes a second that are read from all of a host's backups of one kind together. kept: its disks and its network serve VMs; fresh: what was written just now
 * is read from memory mostly, and a backup that waits for it is not there yet.
 */
const READ_BYTES_PER_SECOND = { kept: 64 * MIB, fresh: 256 * MIB } as const
export type Reading = keyof typeof READ_BYTES_PER_SECOND

const paces = perProcess('backups/check/reading-pace', () => new Map<string, ReadingPace>())

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Lets so many bytes a second through, whoever reads. */
export class ReadingPace {
  readonly #bytesPerSecond: number
  #freeAtMs = 0
  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Resolves when so many bytes may be read; slower where `limit`, bytes a second, is lower. What was not used while nobody read is not saved up. */
  async take(bytes: number, limit = Infinity): Promise<void> {
    const now = Date.now()
    const startMs = Math.max(now, this.#freeAtMs)
    this.#freeAtMs = startMs + (bytes * 1000) / Math.min(limit, this.#bytesPerSecond)
    if (startMs > now) await sleep(startMs - now)
  }
}

/** The pace of a host, shared by all that read such backups of it. */
export function paceOf(host: string, reading: Reading): ReadingPace {
  const key = `${reading} ${host}`
  const pace = paces.get(key) ?? new ReadingPace(READ_BYTES_PER_SECOND[reading])
  paces.set(key, pace)
  return pace
}
