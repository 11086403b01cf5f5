import { describe, expect, it, vi } from 'vitest'
import { ReadingPace } from './reading-pace.ts'

describe('ReadingPace', () => {
  it('lets two readers together through at its rate, and saves up nothing while nobody reads', async () => {
    vi.useFakeTimers({ now: 1_000_000 })
    try {
      const pace = new ReadingPace(1_000)
      const at: number[] = []
      const read = async (times: number) => {
        for (let i = 0; i < times; i++) {
          await pace.take(500)
          at.push(Date.now() - 1_000_000)
        }
      }
      const both = Promise.all([read(2), read(2)])
      await vi.runAllTimersAsync()
      await both
      expect(at).toEqual([0, 500, 1_000, 1_500])
      await vi.advanceTimersByTimeAsync(60_000)
      at.length = 0
      const later = read(2)
      await vi.runAllTimersAsync()
      await later
      expect(at[1]! - at[0]!).toBe(500)
      await vi.advanceTimersByTimeAsync(60_000)
      at.length = 0
      const slow = (async () => {
        for (const limit of [100, 100, 5_000]) {
          await pace.take(500, limit)
          at.push(Date.now())
        }
      })()
      await vi.runAllTimersAsync()
      await slow
      expect([at[1]! - at[0]!, at[2]! - at[1]!]).toEqual([5_000, 5_000])
    } finally {
      vi.useRealTimers()
    }
  })
})
