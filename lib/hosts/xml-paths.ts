const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Text or an attribute of XML as it is meant. */
export const unescapeXml = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal?: string, hex?: string, name?: string) => {
    if (decimal) return String.fromCodePoint(Number(decimal))
    if (hex) return String.fromCodePoint(parseInt(hex, 16))
    return ENTITIES[name ?? ''] ?? all
  })

/** Every absolute path that an XML text of libvirt names, wherever: what any part of a VM names is in use, known to us or not. */
export function pathsInXml(xml: string): string[] {
  const values = [...xml.matchAll(/=(?:'(\/[^']*)'|"(\/[^"]*)")|>(\/[^<]*)</g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  )
  return [...new Set(values.map(unescapeXml))]
}

/** Names of storage volumes that it names by pool and volume: which folder that is, the XML does not say. */
export function volumesInXml(xml: string): string[] {
  return [
    ...new Set(
      [...xml.matchAll(/\bvolume=(?:'([^']*)'|"([^"]*)")/g)].map((match) =>
        unescapeXml(match[1] ?? match[2] ?? ''),
      ),
    ),
  ]
}
