import 'server-only'
import { hash, verify } from '@node-rs/argon2'
import { Refusal } from '../jobs/refusal.ts'
import { perProcess } from '../server/per-process.ts'

export const PASSWORD_MIN_CHARACTERS = 8
/** argon2 takes any length; a megabyte of password is an attack on the server's time. */
export const PASSWORD_MAX_CHARACTERS = 512

/** argon2id with the library's defaults (19 MiB, 2 passes: OWASP's recommendation), as a PHC string. */
export const hashPassword = (password: string): Promise<string> => hash(password)

/** True when the password fits. `passwordHash` null (no such user) takes as long as a wrong password. */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  if (password.length > PASSWORD_MAX_CHARACTERS) return false
  const fits = await verify(passwordHash ?? (await makeDecoy()), password)
  return fits && passwordHash !== null
}

/** The hash that unknown names are checked against. Made at the start: the first unknown name would take twice as long otherwise. */
export const makeDecoy = (): Promise<string> => perProcess('access/password', () => hash(crypto.randomUUID()))

/** Throws Refusal when a new password is not fit for use. */
export function checkNewPassword(password: string, field: string): void {
  const length = [...password].length
  if (length < PASSWORD_MIN_CHARACTERS)
    throw new Refusal(`The password is too short: at least ${PASSWORD_MIN_CHARACTERS} characters.`, {
      [field]: `At least ${PASSWORD_MIN_CHARACTERS} characters.`,
    })
  if (password.length > PASSWORD_MAX_CHARACTERS)
    throw new Refusal(`The password is too long: at most ${PASSWORD_MAX_CHARACTERS} characters.`, {
      [field]: `At most ${PASSWORD_MAX_CHARACTERS} characters.`,
    })
}
