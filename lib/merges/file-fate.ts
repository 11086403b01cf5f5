import { isReadOnly } from '../chains/disk-chain.ts'
import type { ImageReading } from '../hosts/image-files.ts'
import { describeUse } from '../storage/describe-use.ts'
import type { FoundUse } from '../storage/file-users.ts'

/** What decides over a chain's files. Pure from here on. */
export interface Fates {
  /** The host's name. */
  host: string
  /** Base first. */
  layers: readonly { path: string }[]
  /** Those of the chain, and of every restore point. */
  files: Readonly<Record<string, ImageReading>>
  /** What else needs a file. */
  sharers(path: string): FoundUse[]
  /** The image of no VM that stands on a file; null when there is none. */
  overlayOn(path: string): string | null
  /** Why nobody knows whether another VM stands on a template; null where that is known. */
  doubt: string | null
  /** The VM's own files. */
  own: ReadonlySet<string>
  /** Templates go, too. */
  removeTemplates: boolean
}

/** A file that this VM is not known to have written to, or that nobody may write to: somebody keeps it for others. */
export const isTemplate = (path: string, fates: Fates): boolean =>
  !fates.own.has(path) || isReadOnly(fates.files[path])

function internalIn(path: string, { files }: Fates): string[] {
  const reading = files[path]
  return reading?.kind === 'found' ? reading.internalSnapshots.map(({ name }) => name) : []
}

/** Snapshots inside a file, as part of a sentence. */
export const nameInternal = (names: readonly string[]): string =>
  names.length === 1 ? `the internal snapshot ${names[0]}` : `the internal snapshots ${names.join(', ')}`

function whyNeeded(path: string, fates: Fates): string | null {
  const use = fates.sharers(path)[0]
  if (use) return `${describeUse(use, fates.host)} ${use.isSure ? 'needs it' : 'may need it'}`
  const overlay = fates.overlayOn(path)
  if (overlay !== null) return `${overlay}, which no VM has, stands on it`
  const internal = internalIn(path, fates)
  return internal.length > 0 ? `it holds ${nameInternal(internal)}` : null
}

/** Why a file that a merge no longer needs stays, half a sentence; null when it goes. */
export function whyStays(path: string, fates: Fates): string | null {
  const needed = whyNeeded(path, fates)
  if (needed !== null) return needed
  if (!isTemplate(path, fates)) return null
  if (!fates.removeTemplates) return 'it is a template'
  return fates.doubt === null
    ? null
    : `it is a template that another VM may stand on. ${fates.doubt.replace(/\.$/, '')}`
}

/** True for one that stays for no other reason. */
export const isOnlyTemplate = (path: string, fates: Fates): boolean =>
  whyNeeded(path, fates) === null && isTemplate(path, fates)

/** The template that a commit changes, by writing to it or to what it stands on; null when it changes none. */
export const changedTemplate = (fates: Fates, baseIndex: number, topIndex: number): string | null =>
  fates.layers.slice(baseIndex, topIndex).find(({ path }) => isTemplate(path, fates))?.path ?? null

/**
 * A commit changes what the snapshots inside the merged layers stand on, and inside those of a branch that is of no use
 * afterwards. `gone`: the files of both.
 */
export function refuseInternal(fates: Fates, gone: readonly string[]): string | null {
  const path = gone.find((each) => internalIn(each, fates).length > 0)
  return path === undefined
    ? null
    : `${path} holds ${nameInternal(internalIn(path, fates))}, which a commit would destroy.`
}

/** A pull takes the active layer off what lies below it, and the snapshots inside that layer read what lies there. */
export const refuseInternalTop = (fates: Fates, top: string): string | null =>
  internalIn(top, fates).length > 0
    ? `${top} holds ${nameInternal(internalIn(top, fates))}, which reads the layers below: without them it would be spoilt.`
    : null
