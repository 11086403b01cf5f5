import type { ChainLayer } from '../chains/types.ts'
import { describeUse } from '../storage/describe-use.ts'
import type { FoundUse } from '../storage/file-users.ts'

/** What decides over a chain's files. Pure from here on. */
export interface Fates {
  /** The host's name. */
  host: string
  /** Base first. */
  layers: readonly ChainLayer[]
  /** What else needs a file. */
  sharers(path: string): FoundUse[]
  /** The VM's own files. */
  own: ReadonlySet<string>
  /** Templates go, too. */
  removeTemplates: boolean
}

const layerOf = (path: string, { layers }: Fates) => layers.find((layer) => layer.path === path)

/** A file that this VM is not known to have written to, or that nobody may write to: somebody keeps it for others. */
export const isTemplate = (path: string, fates: Fates): boolean =>
  !fates.own.has(path) || layerOf(path, fates)?.isReadOnly === true

const internalIn = (path: string, fates: Fates): string[] => layerOf(path, fates)?.internalSnapshots ?? []

/** Snapshots inside a file, as part of a sentence. */
export const nameInternal = (names: readonly string[]): string =>
  names.length === 1 ? `the internal snapshot ${names[0]}` : `the internal snapshots ${names.join(', ')}`

function whyNeeded(path: string, fates: Fates): string | null {
  const use = fates.sharers(path)[0]
  if (use) return `${describeUse(use, fates.host)} ${use.isSure ? 'needs it' : 'may need it'}`
  const internal = internalIn(path, fates)
  return internal.length > 0 ? `it holds ${nameInternal(internal)}` : null
}

/** Why a file that a merge no longer needs stays, half a sentence; null when it goes. */
export function whyStays(path: string, fates: Fates): string | null {
  const needed = whyNeeded(path, fates)
  if (needed !== null) return needed
  return isTemplate(path, fates) && !fates.removeTemplates ? 'it is a template' : null
}

/** True for one that stays for no other reason. */
export const isOnlyTemplate = (path: string, fates: Fates): boolean =>
  whyNeeded(path, fates) === null && isTemplate(path, fates)

/** The template that a commit changes, by writing to it or to what it stands on; null when it changes none. */
export const changedTemplate = (fates: Fates, baseIndex: number, topIndex: number): string | null =>
  fates.layers.slice(baseIndex, topIndex).find(({ path }) => isTemplate(path, fates))?.path ?? null

/** A commit changes what the snapshots inside the merged layers stand on, and those layers go. */
export function refuseInternal(fates: Fates, baseIndex: number, topIndex: number): string | null {
  const layer = fates.layers
    .slice(baseIndex + 1, topIndex + 1)
    .find(({ internalSnapshots }) => internalSnapshots.length > 0)
  return layer
    ? `${layer.path} holds ${nameInternal(layer.internalSnapshots)}, which a commit would destroy.`
    : null
}
