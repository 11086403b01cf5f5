import { XMLBuilder, XMLParser } from 'fast-xml-parser'
import { escapeXml } from '../../hosts/xml.ts'

/**
 * XML that is changed and written again: elements in their order, and every text as it was written, entities and all, so that
 * what is not changed comes out byte by byte (`&#10;` too, which the parser would else write as `&amp;#10;`).
 */
export type XmlNode = Record<string, unknown>

const ATTRIBUTES = ':@'
const TEXT = '#text'
const CDATA = '#cdata'
const OPTIONS = {
  ignoreAttributes: false,
  preserveOrder: true,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  cdataPropName: CDATA,
} as const

/** Reads an XML text and gives its root. Throws an Error when the root is not called `rootName`, or the text defines entities of its own. */
export function parseNodes(xml: string, rootName: string): { all: XmlNode[]; root: XmlNode } {
  if (/<!DOCTYPE/i.test(xml)) throw new Error('the XML has a document type of its own')
  const all = new XMLParser(OPTIONS).parse(xml) as XmlNode[]
  const root = all.find((node) => nameOf(node) === rootName)
  if (!root) throw new Error(`the XML has no <${rootName}>`)
  return { all, root }
}

export const writeNodes = (all: readonly XmlNode[]): string =>
  new XMLBuilder({ ...OPTIONS, suppressEmptyNode: true }).build(all) as string

export const nameOf = (node: XmlNode): string => Object.keys(node).find((key) => key !== ATTRIBUTES) ?? ''
/** Elements and texts in it. */
export const contentOf = (node: XmlNode): XmlNode[] => {
  const content = node[nameOf(node)]
  return Array.isArray(content) ? (content as XmlNode[]) : []
}
export const elementsOf = (node: XmlNode, name?: string): XmlNode[] =>
  contentOf(node).filter((each) => !isText(each) && (name === undefined || nameOf(each) === name))
const isText = (node: XmlNode) => nameOf(node) === TEXT || nameOf(node) === CDATA
export const firstOf = (node: XmlNode | undefined, name: string): XmlNode | undefined =>
  node === undefined ? undefined : elementsOf(node, name)[0]

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const decoded = (text: string) =>
  text.replaceAll(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi,
    (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      if (name !== undefined) return NAMED[name.toLowerCase()] ?? whole
      const code = hex === undefined ? Number(decimal) : parseInt(hex, 16)
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )

/** All attributes as they are written. */
export const attributesOf = (node: XmlNode | undefined): Record<string, string> =>
  (node?.[ATTRIBUTES] ?? {}) as Record<string, string>
/** An attribute, or null. */
export const attributeOf = (node: XmlNode | undefined, name: string): string | null => {
  const value = attributesOf(node)[name]
  return value === undefined ? null : decoded(value)
}

/** Sets an attribute; null takes it away. */
export function setAttribute(node: XmlNode, name: string, value: string | null): void {
  const attributes = { ...attributesOf(node) }
  if (value === null) delete attributes[name]
  else attributes[name] = escapeXml(value)
  if (Object.keys(attributes).length > 0) node[ATTRIBUTES] = attributes
  else delete node[ATTRIBUTES]
}

/** The text in it. */
export const textOf = (node: XmlNode | undefined): string =>
  node === undefined ? '' : contentOf(node).map(plainText).join('')

function plainText(node: XmlNode): string {
  const inside = node[CDATA]
  if (Array.isArray(inside)) return (inside as XmlNode[]).map((each) => String(each[TEXT] ?? '')).join('')
  return typeof node[TEXT] === 'string' ? decoded(node[TEXT]) : ''
}

export function element(name: string, attributes: Record<string, string> = {}, text?: string): XmlNode {
  const made: XmlNode = { [name]: text === undefined ? [] : [{ [TEXT]: escapeXml(text) }] }
  for (const [key, value] of Object.entries(attributes)) setAttribute(made, key, value)
  return made
}

/** Sets the text of a child, which is made where it is missing. */
export function setText(parent: XmlNode, name: string, text: string): void {
  const found = firstOf(parent, name)
  if (found) found[name] = [{ [TEXT]: escapeXml(text) }]
  else append(parent, element(name, {}, text))
}

export function append(parent: XmlNode, ...nodes: XmlNode[]): void {
  parent[nameOf(parent)] = [...contentOf(parent), ...nodes]
}

export function prepend(parent: XmlNode, node: XmlNode): void {
  parent[nameOf(parent)] = [node, ...contentOf(parent)]
}

/** Takes children away, in place. */
export function dropWhere(parent: XmlNode, goes: (node: XmlNode) => boolean): void {
  parent[nameOf(parent)] = contentOf(parent).filter((node) => isText(node) || !goes(node))
}

/** Takes all children of these names away, in place. */
export const drop = (parent: XmlNode, ...names: string[]): void =>
  dropWhere(parent, (node) => names.includes(nameOf(node)))
