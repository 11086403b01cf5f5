import { afterEach, describe, expect, it } from 'vitest'
import {
  SHARED_STREAMS_MAXIMUM,
  STREAMS_MAXIMUM,
  STREAMS_PER_SESSION,
  takeSessionPlace,
  takeSharedPlace,
} from './stream-places.ts'

type Leave = (() => void) | null
let left: Leave[] = []
afterEach(() => {
  for (const leave of left) leave?.()
  left = []
})
const take = (session: string, close: () => void = () => undefined) => {
  const leave = takeSessionPlace(session, close)
  left.push(leave)
  return leave
}
const share = () => {
  const leave = takeSharedPlace()
  left.push(leave)
  return leave
}

describe('places for event streams', () => {
  it('of one session: past the limit the oldest is closed, and no other session’s', () => {
    const closed: number[] = []
    const other = take('other', () => closed.push(-1))
    for (let each = 0; each < STREAMS_PER_SESSION; each++) {
      const leave = take('s', () => {
        closed.push(each)
        leave!()
      })
    }
    expect(closed).toEqual([])
    const next = take('s')
    expect([next === null, other === null, closed]).toEqual([false, false, [0]])
    take('s')
    expect(closed).toEqual([0, 1])
  })

  it('a place that was given back is free, and given back twice it is one', () => {
    const closed: number[] = []
    const leaves = Array.from({ length: STREAMS_PER_SESSION }, (_, each) =>
      take('s', () => closed.push(each)),
    )
    leaves[3]!()
    leaves[3]!()
    take('s')
    expect(closed).toEqual([])
  })

  it('of the process: none is left past the limit', () => {
    for (let each = 0; each < STREAMS_MAXIMUM; each++) expect(take(`s${each}`)).not.toBeNull()
    expect([take('one more'), share()]).toEqual([null, null])
    left[0]!()
    expect(take('one more')).not.toBeNull()
  })

  it('of share links: they leave places for who is signed in', () => {
    for (let each = 0; each < SHARED_STREAMS_MAXIMUM; each++) expect(share()).not.toBeNull()
    expect(share()).toBeNull()
    for (let each = 0; each < STREAMS_MAXIMUM - SHARED_STREAMS_MAXIMUM; each++)
      expect(take(`s${each}`)).not.toBeNull()
    expect(take('one more')).toBeNull()
  })
})
