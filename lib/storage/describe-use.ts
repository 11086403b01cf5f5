import type { Use } from './types.ts'

/** What needs the file, as part of a sentence: “vda of the VM web”, with its host where that is another one. */
export function describeUse(use: Use, ownHost: string): string {
  const vm = `the VM ${use.vmName}${use.host === ownHost ? '' : ` on ${use.host}`}`
  if (use.kind === 'memory')
    return use.snapshot === null
      ? `the saved state of ${vm}`
      : `the memory of the snapshot ${use.snapshot} of ${vm}`
  if (use.snapshot !== null) return `the snapshot ${use.snapshot} of ${vm}`
  if (use.kind === 'configuration') return `the configuration of ${vm}`
  if (use.kind === 'next start') return `${use.target} of ${vm} at its next start`
  return `${use.target} of ${vm}`
}

/** The need itself, beside its VM's name. */
export function nameNeed(use: Use): string {
  if (use.kind === 'memory')
    return use.snapshot === null ? 'saved state' : `memory of snapshot ${use.snapshot}`
  if (use.snapshot !== null) return `snapshot ${use.snapshot}`
  if (use.kind === 'configuration') return 'configuration'
  return use.kind === 'next start' ? `${use.target} at its next start` : (use.target ?? '')
}
