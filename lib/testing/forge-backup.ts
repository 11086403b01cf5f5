import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from './lab/lab.ts'

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

export interface Forgery {
  xml?: (xml: string) => string
  body?: (body: Record<string, unknown>) => object
  /** Changes files of the copy, in its folder; none comes and none goes but by `renamed`. */
  files?: (folder: string) => void
  /** New names of files, by the old ones. */
  renamed?: Record<string, string>
}

/** A copy of a backup as somebody without Keyframe's key would make it, with every sum and the seal right; `id` may be its own. */
export function forgeBackup(
  lab: Lab,
  targetPath: string,
  from: string,
  id: string,
  { xml: changeXml, body: changeBody, files: changeFiles, renamed = {} }: Forgery = {},
): void {
  const folder = join(targetPath, id)
  if (id !== from) cpSync(join(targetPath, from), folder, { recursive: true })
  rmSync(join(folder, 'manifest.sig'), { force: true })
  const before = readFileSync(join(folder, 'domain.xml'), 'utf8')
  const xml = changeXml?.(before) ?? before
  writeFileSync(join(folder, 'domain.xml'), xml)
  const { seal, ...manifest } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Record<
    string,
    unknown
  > & { seal: string; files: { name: string; bytes: number; sha256: string }[] }
  if (!seal) throw new Error(`${from} has no seal: it is no backup`)
  for (const [name, other] of Object.entries(renamed)) renameSync(join(folder, name), join(folder, other))
  changeFiles?.(folder)
  const read = (listed: string) => {
    const name = renamed[listed] ?? listed
    const bytes = readFileSync(join(folder, name))
    return { name, bytes: bytes.length, sha256: sha256(bytes) }
  }
  const sums = manifest.files.filter(({ name }) => name !== 'SHA256SUMS').map(({ name }) => read(name))
  writeFileSync(join(folder, 'SHA256SUMS'), sums.map(({ sha256, name }) => `${sha256}  ${name}\n`).join(''))
  const files = [...sums, read('SHA256SUMS')]
  const body = { ...manifest, id, files }
  const whole = changeBody?.(body) ?? body
  writeFileSync(
    join(folder, 'manifest.json'),
    `${JSON.stringify({ ...whole, seal: sha256(JSON.stringify(whole, null, 2)) }, null, 2)}\n`,
  )
  lab.user.own(folder)
  for (const name of readdirSync(folder)) lab.user.own(join(folder, name))
}
