import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { deriveKey, keyId } from '../../secrets/derive-key.ts'

const Signature = z.object({
  format: z.literal('keyframe-signature'),
  version: z.literal(1),
  key: z.string(),
  hmac: z.string().regex(/^[0-9a-f]{64}$/),
})

/** A signature is a line of JSON. */
export const SIGNATURE_MAX_BYTES = 4_096

/** Every signature is as long. */
export const SIGNATURE_BYTES = Buffer.byteLength(textOf('0'.repeat(16), '0'.repeat(64)))

const hmacOf = (key: Buffer, manifest: string) => createHmac('sha256', key).update(manifest).digest()

/** The text of manifest.sig: HMAC-SHA256 over the whole text of manifest.json, with this Keyframe's key for manifests. */
export function signManifest(manifest: string): string {
  const key = deriveKey('manifests')
  return textOf(keyId(key), hmacOf(key, manifest).toString('hex'))
}

function textOf(key: string, hmac: string): string {
  return `${JSON.stringify({ format: 'keyframe-signature', version: 1, key, hmac } satisfies z.infer<typeof Signature>)}\n`
}

/** True when this text of manifest.json was signed by this Keyframe. The manifest's own seal proves less: anybody can compute it. */
export function isSignedByUs(manifest: string, signature: string | null): boolean {
  try {
    const { key: id, hmac } = Signature.parse(JSON.parse(signature ?? ''))
    const key = deriveKey('manifests')
    return id === keyId(key) && timingSafeEqual(Buffer.from(hmac, 'hex'), hmacOf(key, manifest))
  } catch {
    return false
  }
}

/** Id of the key that manifests are signed with now. */
export const signingKeyId = (): string => keyId(deriveKey('manifests'))
