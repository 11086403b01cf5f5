/**
 * Two kinds: the daemon refused (LibvirtError), or we could not talk to it (ConnectionError).
 * Branded with Symbol.for: bundlers may load this module twice, and `instanceof` then lies.
 */
const LIBVIRT_ERROR = Symbol.for('node-libvirt.LibvirtError')
const CONNECTION_ERROR = Symbol.for('node-libvirt.ConnectionError')

export interface LibvirtErrorDetails {
  /** virErrorNumber, see VIR_ERR_*. */
  code: number
  /** virErrorDomain: the part of libvirt that raised it. */
  domain: number
  level: number
  /** errno for VIR_ERR_SYSTEM_ERROR, else -1 or 0. */
  int1: number
}

/** The daemon's own answer to a call: libvirt's code, domain, level and message. */
export class LibvirtError extends Error {
  readonly [LIBVIRT_ERROR] = true
  readonly code: number
  readonly domain: number
  readonly level: number
  readonly int1: number
  /** Name of the procedure that was called, e.g. DOMAIN_BLOCK_COMMIT. */
  readonly procedure: string
  constructor(message: string, details: LibvirtErrorDetails, procedure: string) {
    super(message)
    this.name = 'LibvirtError'
    this.code = details.code
    this.domain = details.domain
    this.level = details.level
    this.int1 = details.int1
    this.procedure = procedure
  }
}

export type ConnectionErrorReason = 'closed' | 'timeout' | 'aborted' | 'protocol' | 'refused'

/** The call has no answer: connection closed, deadline passed, aborted, or bytes that are no libvirt protocol. */
export class ConnectionError extends Error {
  readonly [CONNECTION_ERROR] = true
  readonly reason: ConnectionErrorReason
  /** True when the daemon may have carried the call out all the same: ask it before repeating. */
  readonly mayHaveHappened: boolean
  constructor(reason: ConnectionErrorReason, message: string, mayHaveHappened: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ConnectionError'
    this.reason = reason
    this.mayHaveHappened = mayHaveHappened
  }
}

const branded = (value: unknown, brand: symbol) =>
  typeof value === 'object' && value !== null && brand in value

/** True for a LibvirtError of any copy of this module; with a code, only for that one. */
export function isLibvirtError(value: unknown, code?: number): value is LibvirtError {
  return branded(value, LIBVIRT_ERROR) && (code === undefined || (value as LibvirtError).code === code)
}

/** True for a ConnectionError of any copy of this module. */
export function isConnectionError(value: unknown): value is ConnectionError {
  return branded(value, CONNECTION_ERROR)
}

/** The virErrorNumber values that callers tell apart (libvirt 11.3, include/libvirt/virterror.h). */
export const VIR_ERR_INTERNAL_ERROR = 1
export const VIR_ERR_INVALID_ARG = 8
export const VIR_ERR_OPERATION_FAILED = 9
export const VIR_ERR_OPERATION_DENIED = 29
export const VIR_ERR_SYSTEM_ERROR = 38
export const VIR_ERR_RPC = 39
export const VIR_ERR_NO_DOMAIN = 42
export const VIR_ERR_AUTH_FAILED = 45
export const VIR_ERR_NO_STORAGE_POOL = 49
export const VIR_ERR_NO_STORAGE_VOL = 50
export const VIR_ERR_OPERATION_INVALID = 55
export const VIR_ERR_CONFIG_UNSUPPORTED = 67
export const VIR_ERR_OPERATION_TIMEOUT = 68
export const VIR_ERR_NO_DOMAIN_SNAPSHOT = 72
export const VIR_ERR_SNAPSHOT_REVERT_RISKY = 77
export const VIR_ERR_OPERATION_ABORTED = 78
export const VIR_ERR_BLOCK_COPY_ACTIVE = 83
export const VIR_ERR_OPERATION_UNSUPPORTED = 84
export const VIR_ERR_AGENT_UNRESPONSIVE = 86
export const VIR_ERR_RESOURCE_BUSY = 87
export const VIR_ERR_STORAGE_VOL_EXIST = 90
export const VIR_ERR_INVALID_DOMAIN_CHECKPOINT = 102
export const VIR_ERR_NO_DOMAIN_CHECKPOINT = 103
export const VIR_ERR_NO_DOMAIN_BACKUP = 104
export const VIR_ERR_CHECKPOINT_INCONSISTENT = 109
export const VIR_ERR_AGENT_COMMAND_TIMEOUT = 112
export const VIR_ERR_AGENT_COMMAND_FAILED = 113
