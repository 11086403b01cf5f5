interface Shared {
  keyframe?: Map<string, object>
}
const made = ((globalThis as Shared).keyframe ??= new Map())

/**
 * What the whole process has one of, made at the first call. A variable of a module would not do, for Next evaluates a module of lib/ up
 * to three times in one process (lib/README.md, “Next.js”), each with variables of its own.
 * @param key the module that it belongs to, below lib/ and without its ending
 */
export function perProcess<T extends object>(key: string, make: () => T): T {
  const known = made.get(key) as T | undefined
  if (known) return known
  const first = make()
  made.set(key, first)
  return first
}
