/** An absolute path to the end of its line, for nobody can tell where a name with spaces ends; and the name of an image file, as it may stand in a sentence. */
const ANY_PATH = /(?<![\w/.])\/[^\s/'"<>`,;:)][^\n]*/g
const ANY_IMAGE = /(?<![\w.-])[\w.+-]*\w\.(?:qcow2|qcow|raw|img|iso|vmdk|vdi|vhdx?|qed)\b(?:\.[\w-]+)*/gi
/** A libvirt connection, which may name a user and a machine. */
const ANY_URI = /\b[a-z][a-z0-9+.-]*:\/\/[^\s'"<>]*/gi

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')
const baseOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)
const foldersOf = (path: string) =>
  path
    .split('/')
    .slice(1, -1)
    .map((_, index, parts) => `/${parts.slice(0, index + 1).join('/')}`)

/**
 * Names for files where their own are hidden: "file 1", "file 2", in the order in which they are first met, alike in a
 * picture and in a sentence. A base name tells something, too, so it is hidden with its folder.
 */
export class PathNames {
  readonly #shown: boolean
  readonly #names = new Map<string, string>()
  #pattern: RegExp | null = null

  /** `shown`: paths are allowed, everything stays as it is. */
  constructor(shown: boolean) {
    this.#shown = shown
  }

  get shown(): boolean {
    return this.#shown
  }

  /** What a file is called. */
  of(path: string): string {
    if (this.#shown && path.startsWith('/')) return path
    const known = this.#names.get(path)
    if (known !== undefined) return known
    const name = `file ${this.#names.size + 1}`
    this.#names.set(path, name)
    this.#pattern = null
    return name
  }

  /** A sentence without paths. Ones that nobody made known are found by their looks. URIs of hosts go in any case. */
  text(text: string): string {
    const withoutHosts = text.replaceAll(ANY_URI, 'the host')
    if (this.#shown) return withoutHosts
    const known =
      this.#names.size === 0
        ? withoutHosts
        : withoutHosts.replaceAll(this.#known(), (found) => this.#nameOf(found))
    return known.replaceAll(ANY_PATH, 'a file').replaceAll(ANY_IMAGE, 'a file')
  }

  #nameOf(found: string): string {
    const whole = this.#names.get(found)
    if (whole !== undefined) return whole
    if (found.startsWith('/')) return 'a folder'
    const same = [...this.#names].filter(([path]) => baseOf(path) === found)
    return same.length === 1 ? same[0]![1] : 'a file'
  }

  /** Paths, their folders and their base names, the longest first: a shorter one may be part of it. */
  #known(): RegExp {
    if (this.#pattern) return this.#pattern
    const paths = [...this.#names.keys()]
    const byLength = (texts: string[]) =>
      [...new Set(texts)]
        .sort((a, b) => b.length - a.length)
        .map(escaped)
        .join('|')
    const [whole, bases] = [
      byLength(paths.flatMap((path) => [path, ...foldersOf(path)])),
      byLength(paths.map(baseOf).filter((base) => base !== '')),
    ]
    // A name goes on behind a dash or a dot, but a sentence may end with one.
    const end = '(?![\\w-]|\\.\\w)'
    return (this.#pattern = new RegExp(`(?:${whole})${end}|(?<![\\w.-])(?:${bases})${end}`, 'g'))
  }
}
