import 'server-only'
import { randomUUID } from 'node:crypto'
import { store } from '../store/store.ts'
import { hashPassword } from './password.ts'

/** Who acts: what every operation gets to know of its user. */
export interface User {
  id: string
  name: string
}

export async function countUsers(): Promise<number> {
  const { count } = await store().selectFrom('users').select((select) => select.fn.countAll<number>().as('count')).executeTakeFirstOrThrow()
  return count
}

/** Makes a user. Rejects when the name is taken. */
export async function createUser(name: string, password: string): Promise<User> {
  const user = { id: randomUUID(), name }
  await store().insertInto('users').values({ ...user, password_hash: await hashPassword(password), disabled: 0, created_at_ms: Date.now() }).execute()
  return user
}
