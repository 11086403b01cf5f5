import { expect, it } from 'vitest'
import { checkNewPassword, hashPassword, PASSWORD_MAX_CHARACTERS, verifyPassword } from './password.ts'

const taken = (password: string) => {
  try {
    checkNewPassword(password, 'password')
    return true
  } catch {
    return false
  }
}

it('a new password has 8 characters or more, and is of whatever characters', () => {
  expect(['', 'a', '1234567', '🔑'.repeat(7)].map(taken)).toEqual([false, false, false, false])
  const any = [
    'zzzzzzzz',
    'ZZZZZZZZ',
    '00000000',
    '        ',
    '!!!!!!!!',
    '漢字漢字漢字漢字',
    '🔑'.repeat(8),
    ' a b c d ',
  ]
  expect(any.map((password) => [password, taken(password)])).toEqual(any.map((password) => [password, true]))
})

it('a long password is taken: 64 characters, and as many as the limit says', () => {
  expect(
    [64, 128, PASSWORD_MAX_CHARACTERS, PASSWORD_MAX_CHARACTERS + 1].map((length) =>
      taken('x'.repeat(length)),
    ),
  ).toEqual([true, true, true, false])
})

it('a password counts exactly as it was typed: nothing is cut, trimmed, folded or put into another form', async () => {
  const right = ` Päßwort ${'x'.repeat(100)}`
  const stored = await hashPassword(right)
  expect(await verifyPassword(stored, right)).toBe(true)
  const others = [
    right.slice(0, -1),
    right.slice(0, 72),
    `${right}x`,
    right.trim(),
    `${right} `,
    right.toLowerCase(),
    right.toUpperCase(),
    right.normalize('NFD'),
    `${right}\0`,
  ]
  for (const other of others) expect([other, await verifyPassword(stored, other)]).toEqual([other, false])
})

it('a password is stored as argon2id, with the memory and passes that OWASP asks for and a salt of its own', async () => {
  const [one, two] = await Promise.all([hashPassword('a good password'), hashPassword('a good password')])
  const [, memoryKib, passes] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=\d+\$[\w+/]{22,}\$[\w+/]{43}$/.exec(one) ?? []
  // OWASP Password Storage Cheat Sheet: 19 MiB and 2 passes, or more.
  expect([Number(memoryKib) >= 19_456, Number(passes) >= 2, one === two]).toEqual([true, true, false])
})
