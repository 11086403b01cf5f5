import { describe, expect, it } from 'vitest'
import {
  closeStreams,
  isWatched,
  newestId,
  onShutdown,
  publish,
  subscribe,
  watch,
  type NumberedEvent,
} from './hub.ts'

describe('the live hub', () => {
  it('hands events on, numbered, and resumes where a browser left off', () => {
    const seen: NumberedEvent[] = []
    const first = subscribe(null, (event) => seen.push(event))
    const before = newestId()
    publish({ type: 'host', host: 'a' })
    publish({ type: 'host', host: 'b' })
    first.end()
    publish({ type: 'host', host: 'c' })
    expect(seen.map(({ event }) => event)).toEqual([
      { type: 'host', host: 'a' },
      { type: 'host', host: 'b' },
    ])
    const again = subscribe(seen[0]!.id, () => undefined)
    expect(again.missed.map(({ event }) => event)).toEqual([
      { type: 'host', host: 'b' },
      { type: 'host', host: 'c' },
    ])
    again.end()
    expect(subscribe(newestId(), () => undefined).missed).toEqual([])
    expect(before).not.toBe(newestId())
  })

  it.each(['another-1', 'garbage', `${newestId()}9999`])(
    'answers an id it does not know with reload: %s',
    (id) => {
      expect(subscribe(id, () => undefined).missed.map(({ event }) => event.type)).toEqual(['reload'])
    },
  )

  it('forgets events beyond its limit and says so', () => {
    publish({ type: 'host', host: 'old' })
    const id = newestId()
    for (let i = 0; i < 2_000; i++) publish({ type: 'host', host: 'x' })
    expect(subscribe(id, () => undefined).missed).toHaveLength(2_000)
    publish({ type: 'host', host: 'one more' })
    expect(subscribe(id, () => undefined).missed.map(({ event }) => event.type)).toEqual(['reload'])
  })

  it('counts the pages that watch a VM', () => {
    const [one, two] = [watch('h', 'vm'), watch('h', 'vm')]
    one()
    expect(isWatched('h', 'vm')).toBe(true)
    two()
    expect(isWatched('h', 'vm')).toBe(false)
  })

  it('closes open streams at shutdown', () => {
    let closed = 0
    onShutdown(() => {
      closed++
    })
    onShutdown(() => {
      closed++
    })()
    closeStreams()
    expect(closed).toBe(1)
  })
})
