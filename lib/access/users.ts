import 'server-only'
import { randomUUID } from 'node:crypto'
import { store } from '../store/store.ts'
import { hashPassword } from './password.ts'
import type { Role } from './permissions.ts'

/** Who acts: what every operation gets to know of its user. */
export interface User {
  id: string
  name: string
  role: Role
}

/** `password_hash` of who was invited and has not chosen a password yet: it fits none. */
export const NO_PASSWORD = ''

export async function countUsers(): Promise<number> {
  const { count } = await store()
    .selectFrom('users')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** Makes a user. Rejects when the name is taken. */
export async function createUser(name: string, password: string, role: Role): Promise<User> {
  const user = { id: randomUUID(), name, role }
  await store()
    .insertInto('users')
    .values({
      ...user,
      password_hash: await hashPassword(password),
      disabled: 0,
      created_at_ms: Date.now(),
      seen_at_ms: null,
    })
    .execute()
  return user
}
