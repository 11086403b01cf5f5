import { createHash, hkdfSync } from 'node:crypto'
import { masterKey } from './master-key.ts'

/** What a derived key is for. One that leaks, or is used in a way that weakens it, tells nothing of the others. */
export const KEY_USES = ['sessions', 'shares', 'manifests', 'stored-secrets', 'devices'] as const
export type KeyUse = (typeof KEY_USES)[number]

const KEY_BYTES = 32
const ID_CHARACTERS = 16

/** 32 bytes for one use, from the master key by HKDF-SHA256 (RFC 5869). */
export function deriveKey(use: KeyUse, from: string = masterKey()): Buffer {
  return Buffer.from(hkdfSync('sha256', from, '', `keyframe ${use} 1`, KEY_BYTES))
}

/** Names a key without telling it: what was written with it says so. */
export const keyId = (key: Buffer): string =>
  createHash('sha256').update('keyframe key id').update(key).digest('hex').slice(0, ID_CHARACTERS)
