import { XMLParser } from 'fast-xml-parser'

/** An element: its attributes as `@name`, its text as `#text`, its children as lists by name. */
export interface XmlElement {
  [key: string]: string | XmlElement[] | undefined
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  // Names of VMs and snapshots may begin or end with a space.
  trimValues: false,
  isArray: (_name, _path, _leaf, isAttribute) => !isAttribute,
  processEntities: true,
})

/** The root element of an XML text from libvirt. Throws when the root is not called `rootName`. */
export function parseXml(xml: string, rootName: string): XmlElement {
  const parsed = parser.parse(xml) as Record<string, unknown>
  const root = (parsed[rootName] as unknown[] | undefined)?.[0]
  if (root === undefined) throw new Error(`libvirt sent XML without <${rootName}>`)
  return element(root)
}

/** fast-xml-parser gives an element without attributes as its bare text. */
const element = (value: unknown): XmlElement =>
  typeof value === 'string' ? { '#text': value } : (value as XmlElement)

/** All children of this name. */
export function children(parent: XmlElement | undefined, name: string): XmlElement[] {
  return ((parent?.[name] ?? []) as unknown[]).map(element)
}

/** The first child of this name. */
export const child = (parent: XmlElement | undefined, name: string): XmlElement | undefined =>
  children(parent, name)[0]

/** An attribute, or null. */
export function attribute(of: XmlElement | undefined, name: string): string | null {
  const value = of?.[`@${name}`]
  return typeof value === 'string' ? value : null
}

/** Text of the first child of this name, or null when there is none. */
export function childText(parent: XmlElement | undefined, name: string): string | null {
  const found = child(parent, name)
  if (!found) return null
  const text = found['#text']
  return typeof text === 'string' ? text : ''
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\n': '&#10;',
  '\t': '&#9;',
  '\r': '&#13;',
}

/** Text for use in element content or in a quoted attribute. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\n\t\r]/g, (character) => ESCAPES[character]!)
}
