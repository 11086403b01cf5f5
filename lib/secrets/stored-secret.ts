import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { deriveKey, keyId } from './derive-key.ts'

const CIPHER = 'aes-256-gcm'
const IV_BYTES = 12
const TAG_BYTES = 16
const VERSION = 'kf1'

/** The key with which secrets are stored; another master key only where all are written anew. */
const keyOf = (masterKey?: string) => deriveKey('stored-secrets', masterKey)

/**
 * A secret as the database keeps it: `kf1:<key id>:<base64url of IV, tag and AES-256-GCM text>`. `owner` says whose it is, such as
 * `notification_channels/<id>`: copied into another row it can't be read.
 */
export function encryptSecret(plain: string, owner: string, masterKey?: string): string {
  const key = keyOf(masterKey)
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv(CIPHER, key, iv)
  cipher.setAAD(Buffer.from(owner))
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
  return `${VERSION}:${keyId(key)}:${Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url')}`
}

/** True for what `encryptSecret` wrote; an older Keyframe kept secrets as they are. */
export const isEncrypted = (stored: string): boolean => stored.startsWith(`${VERSION}:`)

/** Under which key a stored secret lies. */
export const keyIdOf = (stored: string): string => stored.split(':', 2)[1] ?? ''
export const storedSecretsKeyId = (masterKey?: string): string => keyId(keyOf(masterKey))

/** The secret itself. Throws an Error with a sentence when it was written with another key, belongs to another row, or was changed. */
export function decryptSecret(stored: string, owner: string, masterKey?: string): string {
  const key = keyOf(masterKey)
  const [, id, text = ''] = stored.split(':', 3)
  if (!isEncrypted(stored) || id !== keyId(key))
    throw new Error(
      `The secret of ${owner} was written with another key than the one that is set: put the key of then back, or give the secret again.`,
    )
  const bytes = Buffer.from(text, 'base64url')
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(owner))
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES))
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString(
      'utf8',
    )
  } catch (cause) {
    throw new Error(`The secret of ${owner} was changed in the database, and can’t be read.`, { cause })
  }
}
