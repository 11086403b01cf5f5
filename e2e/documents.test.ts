import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

// A comment that sends its reader to a document is worth something only while the document is there.

const root = fileURLToPath(new URL('../', import.meta.url))
const FOLDERS = ['app', 'components', 'lib', 'e2e', '.deploy']
const files = [
  ...readdirSync(root),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  ),
].filter((file) => /\.(ts|tsx|mjs|js|md|tsv|css)$/.test(file) && !/node_modules\//.test(file))

interface Citation {
  from: string
  document: string
  section: string | null
}

/** A document's path; then, perhaps on the next line of a comment, a section in “…” or by its number. */
const CITATION =
  /(?<![\w/.:-])((?:[\w.-]+\/)*[\w-]+\.md)\b(?!\.)(?:,\s+(?:\*\s)?(?:“([^”]+)”|section (\d+)))?/g

/** Documents that a text names. `from`: the path of the text itself. */
const citationsOf = (from: string, text: string): Citation[] =>
  [...text.matchAll(CITATION)].map(([, document, title, number]) => ({
    from,
    document: document!,
    section: title ?? number ?? null,
  }))

/** The place of a document, which is named from the folder of the text, one above it, or the root. */
function find({ from, document }: Citation): string | null {
  for (let folder = posix.dirname(from); ; folder = posix.dirname(folder)) {
    const path = posix.join(folder, document)
    if (existsSync(`${root}${path}`)) return path
    if (folder === '.') return null
  }
}

const hasSection = (path: string, section: string) =>
  readFileSync(`${root}${path}`, 'utf8')
    .split('\n')
    .filter((line) => /^#+ /.test(line))
    .map((line) => line.replace(/^#+ /, ''))
    .some((title) => title === section || title.split(' ')[0] === section)

function faultOf(citation: Citation): string | null {
  const path = find(citation)
  if (path === null) return `${citation.from} cites ${citation.document}, which is not there`
  if (citation.section !== null && !hasSection(path, citation.section))
    return `${citation.from} cites “${citation.section}” of ${path}, which has no such section`
  return null
}

it('every document that a file cites is in the tree, with the section that is cited', () => {
  const citations = files
    .filter((file) => file !== 'e2e/documents.test.ts')
    .flatMap((file) => citationsOf(file, readFileSync(`${root}${file}`, 'utf8')))
  expect(citations.length).toBeGreaterThan(60)
  expect(citations.map(faultOf).filter((fault) => fault !== null)).toEqual([])
})

it('a document or a section that is not there is found', () => {
  const cited = citationsOf(
    'lib/hosts/busy.ts',
    'see NONE.md; LIBVIRT.md, “Freezing”; lib/README.md, “Nothing”; lib/node-libvirt/WIRE.md, section 99 and README.md',
  )
  expect(cited.map(faultOf)).toEqual([
    'lib/hosts/busy.ts cites NONE.md, which is not there',
    null,
    'lib/hosts/busy.ts cites “Nothing” of lib/README.md, which has no such section',
    'lib/hosts/busy.ts cites “99” of lib/node-libvirt/WIRE.md, which has no such section',
    null,
  ])
})

/** What a document links to in the tree, as a path from the root. */
const linksOf = (from: string, text: string): string[] =>
  [...text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)].map(([, path]) => posix.join(posix.dirname(from), path!))

it('every file that a document links to is in the tree', () => {
  const links = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      linksOf(file, readFileSync(`${root}${file}`, 'utf8')).map((path) => ({ from: file, path })),
    )
  expect(links.length).toBeGreaterThan(30)
  expect(links.filter(({ path }) => !existsSync(`${root}${path}`))).toEqual([])
  expect(linksOf('lib/README.md', 'see [a](none.ts#b), [c](../x.md), [d](https://e.org/f)')).toEqual([
    'lib/none.ts',
    'x.md',
  ])
})

it('every case that a test is named after stands in the list of cases', () => {
  const list = readFileSync(`${root}lib/testing/cases.md`, 'utf8')
  const known = new Set([...list.matchAll(/^\| ([A-Z]+\d+) \|/gm)].map(([, id]) => id!))
  const named = files
    .filter((file) => /\.test\.ts$|\.spec\.ts$/.test(file))
    .flatMap((file) =>
      [...readFileSync(`${root}${file}`, 'utf8').matchAll(/['`]((?:[ANZ]\d+(?:, )?)+):/g)].flatMap(
        ([, ids]) => ids!.split(', ').map((id) => `${file}: ${id}`),
      ),
    )
  expect(named.length).toBeGreaterThan(15)
  expect(named.filter((each) => !known.has(each.split(': ')[1]!))).toEqual([])
})
