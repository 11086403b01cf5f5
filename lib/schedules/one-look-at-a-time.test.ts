import { expect, test } from 'vitest'
import { oneLookAtATime } from './one-look-at-a-time.ts'

/** Looks that last until they are let go. */
function slowLooks() {
  const running: (() => void)[] = []
  let afterwards = 0
  const looks = oneLookAtATime(
    () =>
      new Promise((resolve) => {
        running.push(resolve)
      }),
    async () => {
      afterwards++
    },
  )
  return { looks, running, afterwards: () => afterwards }
}
const turn = () =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

test('what is asked for during a look, however often, is one more after it', async () => {
  const { looks, running, afterwards } = slowLooks()
  const asked = [looks.look(), looks.look(), looks.look()]
  expect(running.length).toBe(1)
  running[0]!()
  await turn()
  expect(running.length).toBe(2)
  expect(afterwards()).toBe(0)
  running[1]!()
  await Promise.all(asked)
  expect(running.length).toBe(2)
  expect(afterwards()).toBe(1)
})

test('one that is asked for while the end is seen to is not lost', async () => {
  let count = 0
  const looks = oneLookAtATime(
    async () => {
      count++
    },
    async () => {
      if (count === 1) void looks.look()
    },
  )
  await looks.look()
  expect(count).toBe(2)
})

test('its end waits for the look that is under way, and none begins after it', async () => {
  const { looks, running, afterwards } = slowLooks()
  void looks.look()
  void looks.look()
  let ended = false
  const end = looks.end().then(() => {
    ended = true
  })
  await turn()
  expect(ended).toBe(false)
  running[0]!()
  await end
  await looks.look()
  expect(running.length).toBe(1)
  expect(afterwards()).toBe(0)
})
