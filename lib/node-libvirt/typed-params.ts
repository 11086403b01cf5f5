import type { TypedValue } from './protocol/schema-types.ts'

export type TypedParams = Map<string, TypedValue['value']>

/** Typed parameters as a map from field to value; 64-bit values are bigint. */
export function typedParams(params: { field: string; value: TypedValue }[]): TypedParams {
  return new Map(params.map(({ field, value }) => [field, value.value]))
}

/** A numeric parameter as a number (exact below 2^53), or null when it is absent. */
export function numberParam(params: TypedParams, field: string): number | null {
  const value = params.get(field)
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null
}
