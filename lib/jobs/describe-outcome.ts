/** `virtualBytes` → "virtual bytes". */
const spaced = (key: string) => key.replaceAll(/([a-z\d])([A-Z])/g, (_, before: string, capital: string) => `${before} ${capital.toLowerCase()}`)

const isId = (value: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)
const inner = (value: unknown): string => (typeof value === 'object' && value !== null && !Array.isArray(value) ? `(${partsOf(value)})` : words(value))
const partsOf = (value: object) => Object.entries(value).filter(([, part]) => part !== null && part !== undefined && part !== '').map(([key, part]) => `${spaced(key)}: ${inner(part)}`).join(', ')

function words(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(inner).join(', ')
  return typeof value === 'object' && value !== null ? partsOf(value) : String(value)
}

/** What a step came to, any value of JSON, as a reader is told it; null where it says nothing to one: ids and numbers by themselves are for the saga's own use. */
export function describeOutcome(value: unknown): string | null {
  if (value === undefined || value === null || value === true || typeof value === 'number' || (typeof value === 'string' && isId(value))) return null
  return words(value) || null
}
