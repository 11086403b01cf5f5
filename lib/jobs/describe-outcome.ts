/** `virtualBytes` → "virtual bytes". */
const spaced = (key: string) =>
  /^[a-z][A-Za-z\d]*$/.test(key)
    ? key.replaceAll(
        /([a-z\d])([A-Z])/g,
        (_, before: string, capital: string) => `${before} ${capital.toLowerCase()}`,
      )
    : key

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** A file's text or bytes, which a saga keeps for itself. */
const isData = (text: string) => /^\s*[{[<]/.test(text) || /^[A-Za-z\d+/]{64,}={0,2}$/.test(text)

/** What is inside of another value; empty where that says nothing. */
function inner(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.map(inner).filter(Boolean).join(', ')
  if (typeof value !== 'object') return String(value)
  const parts = partsOf(value)
  return parts && `(${parts})`
}
const partsOf = (value: object) =>
  Object.entries(value)
    .flatMap(([key, part]) => (inner(part) ? [`${spaced(key)}: ${inner(part)}`] : []))
    .join(', ')

/** What a step came to, any value of JSON, as a reader is told it; null where it says nothing to one: ids, numbers, yes and no by themselves, and the text of files are for the saga's own use. */
export function describeOutcome(value: unknown): string | null {
  if (typeof value === 'string') return value === '' || ID.test(value) || isData(value) ? null : value
  if (typeof value !== 'object' || value === null) return null
  if (Array.isArray(value)) return value.length === 0 ? 'none' : inner(value) || null
  return partsOf(value) || null
}
