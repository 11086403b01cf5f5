/** TypeScript types of the wire schemas, read from the schema strings at compile time. */
import type { STRUCTS } from './procedures.generated.ts'

/** Number 1 int, 2 uint, 3 llong, 4 ullong, 5 double, 6 boolean, 7 string: VIR_TYPED_PARAM_*. */
export type TypedValue =
  | { type: 'int' | 'uint' | 'double'; value: number }
  | { type: 'llong' | 'ullong'; value: bigint }
  | { type: 'boolean'; value: boolean }
  | { type: 'string'; value: string }

interface Scalars {
  int: number
  uint: number
  hyper: bigint
  uhyper: bigint
  double: number
  string: string
  char: number
  uchar: number
  ushort: number
  typed_value: TypedValue
  typed_param: { field: string; value: TypedValue }
}

type TypeOf<T extends string> = T extends `${infer Inner}?`
  ? TypeOf<Inner> | null
  : T extends `opaque${string}` | `char[${string}`
    ? Uint8Array
    : T extends `${infer Inner}[${string}`
      ? TypeOf<Inner>[]
      : T extends keyof Scalars
        ? Scalars[T]
        : T extends keyof typeof STRUCTS
          ? Fields<(typeof STRUCTS)[T]>
          : never

type FieldOf<F extends string> = F extends `${infer Name}:${infer Type}`
  ? { [K in Name]: TypeOf<Type> }
  : never

type Merge<T> = { [K in keyof T]: T[K] }

type FieldsOf<S extends string, Sum> = S extends `${infer First} ${infer Rest}`
  ? FieldsOf<Rest, Sum & FieldOf<First>>
  : S extends ''
    ? Sum
    : Sum & FieldOf<S>

/** `'dom:domain flags:uint'` gives `{ dom: {…}; flags: number }`. */
export type Fields<S extends string> = Merge<FieldsOf<S, unknown>>
