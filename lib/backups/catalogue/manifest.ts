import { createHash } from 'node:crypto'
import { z } from 'zod'

export const MANIFEST_FILE = 'manifest.json'
export const DOMAIN_FILE = 'domain.xml'
export const NVRAM_FILE = 'nvram.fd'
/** For `sha256sum -c`: who restores by hand needs no Keyframe to see that the files are whole. */
export const SUMS_FILE = 'SHA256SUMS'
/** Who vouches for the manifest: which Keyframe wrote it (sign-manifest.ts). */
export const SIGNATURE_FILE = 'manifest.sig'
/** Raised when an older Keyframe would restore it wrongly. */
const MANIFEST_VERSION = 1
/** A manifest lists a few files; what is longer is none. */
export const MANIFEST_MAX_BYTES = 1024 * 1024

/** Of files and of a backup's directory: safe in a path, a shell and XML. */
export const SafeName = z
  .string()
  .max(120)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
const Bytes = z.int().min(0)
/** As libvirt names disks: it becomes part of file names. */
const DiskTarget = z.string().regex(/^[a-z][a-z0-9]{1,15}$/)

const Disk = z.object({
  target: DiskTarget,
  /** qcow2, whatever the disk was. */
  file: SafeName,
  virtualBytes: Bytes,
  sourceFormat: z.string(),
  sourcePath: z.string(),
  /** Of an increment: the file below it, relative to its own directory, as its header names it. */
  backing: z.string().nullable(),
})
export type BackupDisk = z.infer<typeof Disk>

const File = z.object({ name: SafeName, bytes: Bytes, sha256: z.string().regex(/^[0-9a-f]{64}$/) })
export type BackupFile = z.infer<typeof File>

const Fields = z.object({
  format: z.literal('keyframe-backup'),
  version: z.literal(MANIFEST_VERSION),
  id: SafeName,
  createdAt: z.iso.datetime(),
  tookMs: z.int().min(0),
  host: z.string(),
  vm: z.object({ uuid: z.uuid(), name: z.string(), wasRunning: z.boolean() }),
  /** checkpoint: pushed by QEMU, later ones only what changed; copy: snapshot, copy, merge. */
  method: z.enum(['checkpoint', 'copy']),
  kind: z.enum(['full', 'increment']),
  /** Of an increment: the id of the backup below it, in the directory beside. */
  parent: SafeName.nullable(),
  /** Why it is a full where an increment was possible in principle; null when it is none, or nothing else was asked. */
  fullReason: z.string().nullable(),
  /** libvirt's checkpoint that the next increment starts from. */
  checkpoint: z.string().nullable(),
  frozen: z.boolean(),
  consistency: z.string(),
  disks: z.array(Disk).min(1),
  leftOut: z.array(z.object({ target: z.string(), reason: z.string() })),
  notes: z.array(z.string()),
  domainXml: SafeName,
  nvram: SafeName.nullable(),
  files: z.array(File).min(1),
})
/** What the fields say of each other: no image may rest on anything but the same disk of the backup below. */
const Body = Fields.superRefine((body, context) => {
  const refuse = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message })
  const files = new Set(body.files.map((file) => file.name))
  const listed = [
    ...body.disks.map((disk) => disk.file),
    body.domainXml,
    ...(body.nvram === null ? [] : [body.nvram]),
  ]
  if (files.size !== body.files.length || [MANIFEST_FILE, SIGNATURE_FILE].some((name) => files.has(name)))
    refuse('files', 'a file is listed twice, or is no part of a backup')
  if (listed.some((name) => !files.has(name)))
    refuse('files', 'a disk or the configuration is not among them')
  if (new Set(listed).size !== listed.length) refuse('disks', 'two of them are one file')
  if ((body.kind === 'full') !== (body.parent === null))
    refuse('parent', 'a full has none, an increment has one')
  if (body.checkpoint !== null && body.checkpoint !== `keyframe-${body.id}`)
    refuse('checkpoint', 'it is another one than the backup’s own')
  if (body.parent === body.id) refuse('parent', 'it rests on itself')
  for (const disk of body.disks) {
    const [up, parent, file, ...more] = disk.backing === null ? [] : disk.backing.split('/')
    if (
      disk.backing !== null &&
      (up !== '..' || parent !== body.parent || !SafeName.safeParse(file).success || more.length > 0)
    )
      refuse('disks', `${disk.target} rests on something else than the backup below`)
  }
})
export type ManifestBody = z.infer<typeof Fields>
export type Manifest = ManifestBody & { seal: string }

const text = (value: unknown) => JSON.stringify(value, null, 2)
const sha256 = (of: string) => createHash('sha256').update(of).digest('hex')

/** The text of manifest.json. Its seal is the SHA-256 of the same text without it: a changed byte shows without a catalogue, too. */
export function writeManifest(body: ManifestBody): string {
  return `${text({ ...body, seal: sha256(text(body)) })}\n`
}

/** The text of SHA256SUMS for these files. */
export const writeSums = (files: readonly BackupFile[]): string =>
  files.map((file) => `${file.sha256}  ${file.name}\n`).join('')

/** Reads the text of a manifest.json, or says in a sentence why it is none. */
export function readManifest(json: string): { manifest: Manifest } | { problem: string } {
  let parsed: unknown
  try {
    parsed = JSON.parse(json)
  } catch {
    return { problem: `its ${MANIFEST_FILE} is no JSON: it was cut off or changed` }
  }
  if (typeof parsed !== 'object' || parsed === null)
    return { problem: `its ${MANIFEST_FILE} is not a manifest` }
  const { seal, ...body } = parsed as Record<string, unknown>
  if (body.format !== 'keyframe-backup') return { problem: `its ${MANIFEST_FILE} is not one of Keyframe’s` }
  if (typeof body.version === 'number' && body.version > MANIFEST_VERSION)
    return {
      problem: `it was made by a newer Keyframe (manifest version ${body.version}, this one reads ${MANIFEST_VERSION})`,
    }
  if (seal !== sha256(text(body)))
    return { problem: `its ${MANIFEST_FILE} was changed since it was written: the seal does not fit` }
  const checked = Body.safeParse(body)
  if (!checked.success)
    return {
      problem: `its ${MANIFEST_FILE} lacks something: ${checked.error.issues[0]?.path.join('.')}: ${checked.error.issues[0]?.message}`,
    }
  return { manifest: { ...checked.data, seal } }
}
