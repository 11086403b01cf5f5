import { perProcess } from '../server/per-process.ts'
import type { Saga } from './saga.ts'

const shared = perProcess<{ sagas?: readonly Saga<never>[] }>('jobs/saga-registry', () => ({}))

/** Sets the sagas of this process, once, before the worker is made. */
export function registerSagas(sagas: readonly Saga<never>[]): void {
  shared.sagas = sagas
}

export const sagaOf = (kind: string): Saga<unknown> | undefined =>
  (shared.sagas as readonly Saga<unknown>[] | undefined)?.find((saga) => saga.kind === kind)

/** Kinds that copy much. */
export const copyingKinds = (): string[] =>
  (shared.sagas ?? []).filter((saga) => saga.copies).map((saga) => saga.kind)

/** Kinds that leave their VM alone. */
export const apartKinds = (): string[] =>
  (shared.sagas ?? []).filter((saga) => saga.apart).map((saga) => saga.kind)
