import { describe, expect, it } from 'vitest'
import { parseNodes, textOf, firstOf } from '../backups/restore/xml-nodes.ts'
import { childText, parseXml } from './xml.ts'

// Both parsers: of what libvirt says, and of the configuration that a backup holds.
const read = {
  parseXml: (xml: string) => childText(parseXml(xml, 'domain'), 'name') ?? '',
  parseNodes: (xml: string) => textOf(firstOf(parseNodes(xml, 'domain').root, 'name')),
}

describe.each(Object.entries(read))('%s', (_, name) => {
  it('reads no file and no address that an entity names', () => {
    for (const external of [
      'SYSTEM "file:///etc/passwd"',
      'SYSTEM "http://127.0.0.1:1/"',
      'PUBLIC "x" "file:///etc/passwd"',
    ]) {
      let text = ''
      try {
        text = name(`<!DOCTYPE domain [<!ENTITY x ${external}>]><domain><name>&x;</name></domain>`)
      } catch (error) {
        text = `refused: ${(error as Error).message}`
      }
      expect(text).toMatch(/^(&x;|refused: .*)$/)
      expect(text).not.toContain('root:')
    }
  })

  it('is not made to grow by entities within entities', () => {
    const entities = Array.from(
      { length: 12 },
      (_each, level) => `<!ENTITY e${level + 1} "${`&e${level};`.repeat(10)}">`,
    ).join('')
    let characters = 0
    try {
      characters = name(
        `<!DOCTYPE domain [<!ENTITY e0 "ha">${entities}]><domain><name>&e12;</name></domain>`,
      ).length
    } catch {
      /* refused: as good */
    }
    expect(characters).toBeLessThan(100_000)
  })

  it('puts nothing into the prototype of objects', () => {
    try {
      name(
        '<domain><__proto__ polluted="yes"><polluted>yes</polluted></__proto__><constructor><prototype><polluted>yes</polluted></prototype></constructor><name>web</name></domain>',
      )
    } catch {
      /* refused: as good */
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
