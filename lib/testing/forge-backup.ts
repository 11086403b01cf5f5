import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lab } from './lab/lab.ts'

const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

export interface Forgery {
  xml?: (xml: string) => string
  body?: (body: Record<string, unknown>) => object
}

/** A copy of a backup as somebody without Keyframe's key would make it, with every sum and the seal right; `id` may be its own. */
export function forgeBackup(
  lab: Lab,
  targetPath: string,
  from: string,
  id: string,
  { xml: changeXml, body: changeBody }: Forgery = {},
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
  const files = manifest.files.map((file) =>
    file.name === 'domain.xml'
      ? { name: file.name, bytes: Buffer.byteLength(xml), sha256: sha256(xml) }
      : file,
  )
  const body = { ...manifest, id, files }
  const whole = changeBody?.(body) ?? body
  writeFileSync(
    join(folder, 'manifest.json'),
    `${JSON.stringify({ ...whole, seal: sha256(JSON.stringify(whole, null, 2)) }, null, 2)}\n`,
  )
  lab.user.own(folder)
  for (const name of readdirSync(folder)) lab.user.own(join(folder, name))
}
