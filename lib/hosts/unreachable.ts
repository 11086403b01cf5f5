import { isConnectionError } from 'node-libvirt'

/** True for errors that say nothing about the act: its host could not be asked. Ask again before repeating it. */
export function isUnreachable(error: unknown): boolean {
  return isConnectionError(error) || (error instanceof Error && error.name === 'HostDown')
}
