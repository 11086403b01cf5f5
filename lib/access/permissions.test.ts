import { expect, it } from 'vitest'
import { can } from './permissions.ts'

it('a user may do every act; what has no user or names no act is refused', () => {
  expect(can({ id: 'u1', name: 'admin' }, 'snapshot.create')).toBe(true)
  expect(can({ id: '', name: 'admin' }, 'snapshot.create')).toBe(false)
  expect(can({ id: 'u1', name: 'admin' }, '')).toBe(false)
})
