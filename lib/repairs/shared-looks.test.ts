import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SHARED_MS, SharedLooks } from './shared-looks.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'setTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** Looks that take 100 ms, and how many were under way at once. */
function host() {
  const looks = new SharedLooks<number>()
  const seen = { begun: 0, atOnce: 0, now: 0 }
  const look = (what = '', name = 'h') =>
    looks.look(name, what, async () => {
      seen.begun += 1
      seen.now += 1
      seen.atOnce = Math.max(seen.atOnce, seen.now)
      const number = seen.begun
      await new Promise((resolve) => setTimeout(resolve, 100))
      seen.now -= 1
      return number
    })
  return { looks, seen, look }
}

it('one look serves all who ask while it is under way, and for five seconds more', async () => {
  const { seen, look } = host()
  const all = Array.from({ length: 20 }, () => look())
  await vi.advanceTimersByTimeAsync(100)
  expect(await Promise.all(all)).toEqual(Array(20).fill(1))
  vi.setSystemTime(Date.now() + SHARED_MS - 1)
  expect(await look()).toBe(1)
  vi.setSystemTime(Date.now() + 1)
  void look()
  await vi.advanceTimersByTimeAsync(100)
  expect(seen.begun).toBe(2)
})

it('looks at different things of one host come one after the other, those at two hosts do not wait', async () => {
  const { seen, look } = host()
  const two = [look('a'), look('b')]
  await vi.advanceTimersByTimeAsync(200)
  expect([await Promise.all(two), seen.atOnce]).toEqual([[1, 2], 1])
  void look('a', 'i')
  void look('a', 'j')
  await vi.advanceTimersByTimeAsync(100)
  expect(seen.atOnce).toBe(2)
})

it('what changed is looked at again, and who asked before gets what was seen', async () => {
  const { looks, look } = host()
  const before = look()
  await vi.advanceTimersByTimeAsync(50)
  looks.changed('h')
  const after = [look(), look()]
  looks.changed('another')
  await vi.advanceTimersByTimeAsync(150)
  expect([await before, ...(await Promise.all(after))]).toEqual([1, 2, 2])
  looks.changed('h')
  const again = look()
  await vi.advanceTimersByTimeAsync(100)
  expect(await again).toBe(3)
})

it('a look that failed is not kept, and holds up no other', async () => {
  const { looks, look } = host()
  const failing = () => looks.look('h', '', () => Promise.reject(new Error('down')))
  const [one, two] = await Promise.allSettled([failing(), failing()])
  expect([one.status, two.status]).toEqual(['rejected', 'rejected'])
  const next = look()
  await vi.advanceTimersByTimeAsync(100)
  expect(await next).toBe(1)
})
