import { expect, it } from 'vitest'
import { decryptSecret, encryptSecret } from './stored-secret.ts'

const [KEY, OTHER] = ['a'.repeat(64), 'b'.repeat(64)]
const OWNER = 'notification_channels/1'

it('a stored secret is read with its key and for its row, and not once a byte of it was changed', () => {
  const stored = encryptSecret('hush', OWNER, KEY)
  expect(stored).not.toContain('hush')
  expect(decryptSecret(stored, OWNER, KEY)).toBe('hush')
  expect(() => decryptSecret(stored, OWNER, OTHER)).toThrow(/another key/)
  expect(() => decryptSecret(stored, 'notification_channels/2', KEY)).toThrow(/was changed/)
  const begin = stored.lastIndexOf(':') + 1
  const bytes = Buffer.from(stored.slice(begin), 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = changed[at]! ^ 1
    expect(
      () => decryptSecret(stored.slice(0, begin) + changed.toString('base64url'), OWNER, KEY),
      `byte ${at}`,
    ).toThrow(/was changed/)
  }
})

it('the same secret is never stored twice in the same way', () => {
  expect(new Set(Array.from({ length: 200 }, () => encryptSecret('hush', OWNER, KEY))).size).toBe(200)
})
