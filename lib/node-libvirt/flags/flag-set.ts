declare const SET: unique symbol

/** A flag of one set: `Flag<'DomainBlockCommit'>` does not fit where `Flag<'DomainBlockPull'>` is wanted. */
export type Flag<Set extends string> = number & { readonly [SET]: Set }
/** One flag, or several that are or-ed together. */
export type Flags<Set extends string> = Flag<Set> | readonly Flag<Set>[]

export function flag<Set extends string>(value: number): Flag<Set> {
  return value as Flag<Set>
}

/** The word that goes on the wire. */
export function combine<Set extends string>(flags: Flags<Set> | undefined): number {
  if (flags === undefined) return 0
  return typeof flags === 'number' ? flags : flags.reduce((sum: number, each) => (sum | each) >>> 0, 0)
}
