import { posix } from 'node:path'
import type { DomainDescription } from './domain-xml.ts'

/** A disk that the persistent definition puts on another file than the one that is written to. */
export interface OtherNextStart {
  target: string
  now: string
  /** null: the definition has no such disk. */
  next: string | null
}

const imagesOf = ({ disks }: DomainDescription) =>
  disks.filter((disk) => (disk.device === 'disk' || disk.device === 'lun') && disk.path !== null)

/**
 * Disks that a running VM's next start would open elsewhere. A tool that defines the VM from its own idea of it (Terraform, a
 * cluster, a person with yesterday's XML) brings this about, and libvirt says nothing of it. Pure.
 */
export function otherNextStarts(now: DomainDescription, next: DomainDescription): OtherNextStart[] {
  const planned = imagesOf(next)
  return imagesOf(now).flatMap(({ target, path }) => {
    const then = planned.find((disk) => disk.target === target)?.path ?? null
    return then !== null && posix.normalize(then) === posix.normalize(path!)
      ? []
      : [{ target, now: path!, next: then }]
  })
}

/**
 * Disks whose file the persistent definition spells in another way than the running VM has it: a snapshot switches the definition
 * only where both are spelled alike (libvirt 11.3, virStorageSourceIsSameLocation), and reports success all the same. Pure.
 */
export const spelledOtherwise = (now: DomainDescription, next: DomainDescription): OtherNextStart[] =>
  imagesOf(now).flatMap(({ target, path }) => {
    const then = imagesOf(next).find((disk) => disk.target === target)?.path ?? null
    return then === path ? [] : [{ target, now: path!, next: then }]
  })

const name = (path: string): string => posix.basename(path)

/** The difference as a sentence for the administrator of the VM. */
export function describeNextStart(others: readonly OtherNextStart[]): string {
  const [first] = others
  if (!first) return ''
  const next =
    first.next === null
      ? `has no ${first.target}, which is ${name(first.now)} now`
      : `uses ${name(first.next)} for ${first.target}, not ${name(first.now)}, which it writes to now`
  const more =
    others.length > 1
      ? ` (and so for ${others
          .slice(1)
          .map(({ target }) => target)
          .join(', ')})`
      : ''
  return `Its next start ${next}${more}: what was written to ${name(first.now)} would be missing then. Bring the configuration in line before the VM stops: Check & repair does it.`
}
