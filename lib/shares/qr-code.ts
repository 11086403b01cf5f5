import 'server-only'
import { encode } from 'uqr'
import type { QrCode } from './types.ts'

/** Light modules around it, as the standard asks: without them cameras miss it on a dark page. */
const QUIET_MODULES = 4

/** A text as a QR code. */
export function qrCode(text: string): QrCode {
  const { size, data } = encode(text, { border: QUIET_MODULES, ecc: 'M' })
  return {
    size,
    path: data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join(''),
  }
}
