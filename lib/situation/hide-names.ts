import { posix } from 'node:path'
import type { Situation } from './situation.ts'

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi
const MAC = /\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/gi
/** Names of what they are, not of whose they are: a plan reads them. */
const KEPT_PARTS: ReadonlySet<string> = new Set(['', 'dev', 'shm'])

/**
 * The same situation without names of hosts, VMs, snapshots, folders, files and disks' owners: each is another word, the same one
 * wherever it stands, so that every plan on it says yes and no as before. UUIDs and MAC addresses are others, too. Pure.
 */
export function hideNames(situation: Situation): Situation {
  const words = new Map<string, string>()
  const wordFor = (name: string, kind: string): string => {
    const known = words.get(name)
    if (known !== undefined) return known
    const word = `${kind}${words.size + 1}`
    words.set(name, word)
    return word
  }
  const pathFor = (path: string): string => path.split('/').map(partFor).join('/')
  const partFor = (part: string): string => {
    if (KEPT_PARTS.has(part)) return part
    // What stands after the last dot tells a format from a snapshot's overlay; a comma matters to QEMU.
    const known = words.get(part)
    if (known !== undefined) return known
    const word = `n${words.size + 1}${part.includes(',') ? ',' : ''}${posix.extname(part) === '.iso' ? '.iso' : ''}`
    words.set(part, word)
    return word
  }
  wordFor(situation.host.name, 'host')
  wordFor(situation.vm.name, 'vm')
  for (const { name } of situation.snapshots) wordFor(name, 's')
  for (const use of Object.values(situation.uses).flat()) {
    wordFor(use.host, 'host')
    wordFor(use.vmName, 'vm')
    if (use.snapshot !== null) wordFor(use.snapshot, 's')
  }
  const definitions = [
    situation.vm.description,
    situation.vm.next,
    ...situation.snapshots.flatMap(({ definition }) => definition ?? []),
  ]
  for (const { disks, settings } of definitions) {
    for (const { volume } of disks)
      if (volume !== null) for (const name of [volume.pool, volume.name]) wordFor(name, 'v')
    // A plan compares them, and no more: titles and networks are names, too.
    for (const value of Object.values(settings))
      if (!/^\d+( MiB)?$|^none$/.test(value)) wordFor(value, 'setting')
  }
  for (const reading of Object.values(situation.files))
    if (reading.kind === 'found') for (const { name } of reading.internalSnapshots) wordFor(name, 's')
  const names = [...words.keys()].filter((name) => name.length > 0).sort((a, b) => b.length - a.length)
  // Whole words only: a VM called "a" is in no other word.
  const named = new RegExp(
    `(?<![\\p{L}\\p{N}])(?:${names.map(escapeRegExp).join('|')})(?![\\p{L}\\p{N}])`,
    'gu',
  )
  const textFor = (text: string): string =>
    text
      .replace(/(?<![^\s'"(:,])\/[^\s'"]*[^\s'".,:;)]/g, pathFor)
      .replace(UUID, (uuid) => wordFor(uuid.toLowerCase(), 'uuid'))
      .replace(MAC, (mac) => wordFor(mac.toLowerCase(), 'mac'))
      .replace(named, (name) => words.get(name)!)
  const valueFor = (text: string): string => {
    if (text.startsWith('/')) return pathFor(text)
    return words.get(text) ?? textFor(text)
  }
  const hide = (value: unknown): unknown => {
    if (typeof value === 'string') return valueFor(value)
    if (Array.isArray(value)) return value.map(hide)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [keyFor(key), hide(each)]))
  }
  const keyFor = (key: string): string => (key.startsWith('/') ? pathFor(key) : key)
  const hidden = hide(situation) as Situation
  for (const part of [hidden.vm.description, hidden.vm.next])
    if (part.title !== null) part.title = wordFor(part.title, 'title')
  // Sentences of other hosts and VMs, of which a plan reads only that there are some.
  hidden.gaps = hidden.gaps.map(() => 'Something could not be looked at.')
  hidden.doubts = hidden.doubts.map(() => 'A file that a VM needs is not there.')
  hidden.unheard = hidden.unheard.map(() => 'A host does not answer.')
  for (const snapshot of hidden.snapshots) Object.assign(snapshot, { description: '' })
  return hidden
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
