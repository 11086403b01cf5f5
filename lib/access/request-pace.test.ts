import { expect, it } from 'vitest'
import { PER_ADDRESS, PER_SESSION, RequestPace } from './request-pace.ts'

it('lets thirty a minute through for one address, and says how long the next has to wait', () => {
  const pace = new RequestPace()
  for (let count = 0; count < PER_ADDRESS; count++) expect(pace.take('s', '/a', 1_000)).toBeNull()
  expect(pace.take('s', '/a', 1_000)).toBe(60)
  expect(pace.take('s', '/a', 60_999)).toBe(1)
  expect(pace.take('s', '/b', 1_000)).toBeNull()
  expect(pace.take('t', '/a', 1_000)).toBeNull()
  expect(pace.take('s', '/a', 61_000)).toBeNull()
})

it('lets a dialog ask for every VM of a large host, and still has a limit', () => {
  const pace = new RequestPace()
  for (let vm = 0; vm < PER_SESSION; vm++) expect(pace.take('s', `/vm/${vm}`, 1)).toBeNull()
  expect(pace.take('s', '/vm/another', 1)).toBe(60)
  expect(pace.take('t', '/vm/another', 1)).toBeNull()
})
