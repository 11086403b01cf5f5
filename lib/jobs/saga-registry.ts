import type { Saga } from './saga.ts'

interface Shared {
  keyframeSagas?: readonly Saga<never>[]
}
// Next evaluates this module up to three times in one process (lib/README.md, “Next.js”).
const shared = globalThis as Shared

/** Sets the sagas of this process, once, before the worker is made. */
export function registerSagas(sagas: readonly Saga<never>[]): void {
  shared.keyframeSagas = sagas
}

export const sagaOf = (kind: string): Saga<unknown> | undefined =>
  (shared.keyframeSagas as readonly Saga<unknown>[] | undefined)?.find((saga) => saga.kind === kind)

/** Kinds that copy much. */
export const copyingKinds = (): string[] =>
  (shared.keyframeSagas ?? []).filter((saga) => saga.copies).map((saga) => saga.kind)

/** Kinds that leave their VM alone. */
export const apartKinds = (): string[] =>
  (shared.keyframeSagas ?? []).filter((saga) => saga.apart).map((saga) => saga.kind)
