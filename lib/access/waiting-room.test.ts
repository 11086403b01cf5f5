import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { WaitingRoom } from './waiting-room.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('holds each for its time, and who need not wait not at all', async () => {
  const room = new WaitingRoom(2, 2)
  expect(await room.wait('ann', 0)).toBe(true)
  let passed = false
  const waiting = room.wait('ann', 1_000).then(() => {
    passed = true
  })
  await vi.advanceTimersByTimeAsync(999)
  expect(passed).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await waiting
  expect(passed).toBe(true)
})

it('has places, of which one name takes no more than its share; one that was left is free', async () => {
  const room = new WaitingRoom(3, 2)
  const [first] = [room.wait('ann', 1_000), room.wait('ann', 2_000)]
  expect(await room.wait('ann', 1_000)).toBe(false)
  void room.wait('bob', 2_000)
  expect(await room.wait('cid', 1_000)).toBe(false)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await first).toBe(true)
  void room.wait('ann', 1_000)
  expect(await room.wait('cid', 1_000)).toBe(false)
})
