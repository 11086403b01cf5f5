const DEPTH_MAXIMUM = 20
/** Values looked at: what a record keeps of them is a few thousand characters. */
const VALUES_MAXIMUM = 5_000

/**
 * JSON of any value at all, for records of what strangers sent: it never throws, calls nothing of the value's own, and ends.
 * What JSON does not know is named: "[function]", "[Map]", "[cycle]". `replace` decides by key: undefined leaves a field out.
 */
export function safeJson(value: unknown, replace: Replace = (_, each) => each): string {
  try {
    return JSON.stringify(plain('', value, replace, { above: [], left: VALUES_MAXIMUM })) ?? 'null'
  } catch {
    // A proxy's traps may throw at whatever is asked of it.
    return '"[unreadable]"'
  }
}

interface Walk {
  /** Objects that the value lies in, the outermost first. */
  above: object[]
  left: number
}
type Replace = (key: string, value: unknown) => unknown

function plain(key: string, value: unknown, replace: Replace, walk: Walk): unknown {
  walk.left -= 1
  if (walk.left < 0) return '[more]'
  const kept = replace(key, value)
  if (typeof kept === 'bigint') return kept.toString()
  if (typeof kept === 'function' || typeof kept === 'symbol') return `[${typeof kept}]`
  if (typeof kept === 'number' && !Number.isFinite(kept)) return String(kept)
  if (typeof kept !== 'object' || kept === null) return kept
  if (walk.above.includes(kept)) return '[cycle]'
  if (walk.above.length >= DEPTH_MAXIMUM) return '[deeper]'
  walk.above.push(kept)
  try {
    return plainObject(kept, replace, walk)
  } catch {
    return '[unreadable]'
  } finally {
    walk.above.pop()
  }
}

function plainObject(value: object, replace: Replace, walk: Walk): unknown {
  if (Array.isArray(value)) {
    const made: unknown[] = []
    // A sparse array may be longer than memory.
    for (let index = 0; index < value.length && walk.left > 0; index++)
      made.push(plain(String(index), value[index], replace, walk) ?? null)
    return made
  }
  if (value instanceof Date)
    return Number.isNaN(Date.prototype.getTime.call(value))
      ? '[Invalid Date]'
      : Date.prototype.toISOString.call(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return `[${typeNameOf(value)}]`
  const made = Object.create(null) as Record<string, unknown>
  for (const key of Object.keys(value)) {
    if (walk.left <= 0) break
    const inner = plain(key, (value as Record<string, unknown>)[key], replace, walk)
    if (inner !== undefined) made[key] = inner
  }
  return made
}

/** "Map", "FormData"; of anything that lies about it, "object". */
function typeNameOf(value: object): string {
  return /^\[object (\w{1,40})\]$/.exec(Object.prototype.toString.call(value))?.[1] ?? 'object'
}
