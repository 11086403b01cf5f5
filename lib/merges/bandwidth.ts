import { z } from 'zod'

/** libvirt takes more, but QEMU's limit is a signed 64-bit number of bytes, and ours must be an exact integer: 8 PiB/s. */
export const BANDWIDTH_MAXIMUM_BYTES_PER_SECOND = Number.MAX_SAFE_INTEGER

/** Bytes per second; 0 = no limit. */
export const Bandwidth = z
  .int('The limit must be a whole number of bytes per second.')
  .min(0, 'The limit can’t be negative.')
  .max(BANDWIDTH_MAXIMUM_BYTES_PER_SECOND, 'The limit is too large.')
