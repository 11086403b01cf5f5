import { isConnectionError, isLibvirtError } from 'node-libvirt'

/** True for errors that say nothing about the act: its host or QEMU could not be asked. Ask again before repeating it. */
export function isUnreachable(error: unknown): boolean {
  return (
    isConnectionError(error) ||
    (error instanceof Error && (error.name === 'HostDown' || error.name === 'VmHung'))
  )
}

/** The sentence of an error that pages may show: libvirt's own words, or that a VM or its host is gone. */
export function sentenceOf(error: unknown): string | null {
  if (isLibvirtError(error)) return `libvirt refused: ${error.message}`
  return error instanceof Error && ['HostDown', 'VmGone', 'VmHung'].includes(error.name)
    ? error.message
    : null
}

/** For the job engine, which knows no VM. */
export const HOST_ERRORS = { isUnreachable, sentenceOf }
