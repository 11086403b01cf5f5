import 'server-only'
import { createHash } from 'node:crypto'
import type { Host } from '../hosts/host.ts'
import { Refusal } from '../jobs/refusal.ts'
import { JobCancelled, type SagaContext } from '../jobs/saga.ts'
import { FolderWriter, getFile, withFolder } from './targets/backup-folder.ts'
import { folderOf, noteBackup } from './catalogue/catalogue.ts'
import {
  DOMAIN_FILE,
  MANIFEST_FILE,
  MANIFEST_MAX_BYTES,
  readManifest,
  SIGNATURE_FILE,
  SUMS_FILE,
  writeManifest,
  writeSums,
  type BackupFile,
  type ManifestBody,
} from './catalogue/manifest.ts'
import { inOwnFolder } from './targets/own-folder.ts'
import { readBack, type ReadBack } from './check/read-back.ts'
import { isSignedByUs, SIGNATURE_MAX_BYTES, signingKeyId, signManifest } from './catalogue/sign-manifest.ts'
import type { ImageExpected } from './check/qcow2-structure.ts'
import type { Target } from './targets/targets.ts'
import type { BackupJobBase } from './types.ts'
import { UNFINISHED_FILE } from './retention/unfinished-mark.ts'

/** Of a job's percent the reading back takes the last part. */
const READING_FROM_PERCENT = 60

export const CANCELLED = 'Cancelled. Nothing of it is left, and the VM runs on as before.'

/** Reads every file back for its SHA-256, a step each, no faster than the job's limit, if it has one. Throws Refusal when one is not sound, JobCancelled when asked to. */
export async function readFilesBack(
  context: SagaContext<BackupJobBase>,
  host: Host,
  target: Target,
  images: readonly (ImageExpected & { file: string })[],
  others: readonly BackupFile[],
  limit?: () => Promise<number>,
): Promise<BackupFile[]> {
  const names = [...images.map((image) => image.file), ...others.map((file) => file.name)]
  const files: BackupFile[] = []
  for (const [index, name] of names.entries()) {
    let percent = -1
    const progress = async (share: number) => {
      const now =
        READING_FROM_PERCENT + Math.floor(((index + share) * (100 - READING_FROM_PERCENT)) / names.length)
      if (now !== percent) await context.progress((percent = now), `Reading ${name} back for its SHA-256`)
    }
    await progress(0)
    const file = await context.step<ReadBack>(`read ${name} back`, {
      do: async () => {
        const read = await readBack(host, folderOf(target, context.input.backupId), name, 'fresh', {
          limit,
          expected: images.find((image) => image.file === name),
          onProgress: async (bytes, ofBytes) => {
            if (await context.cancelRequested()) throw new JobCancelled(CANCELLED)
            await progress(bytes / ofBytes)
          },
        })
        if (read === null)
          throw new Refusal(
            `${name} is gone from the target before the backup was finished. It does not count.`,
          )
        const written = others.find((each) => each.name === name)
        if (written && (read.bytes !== written.bytes || read.sha256 !== written.sha256))
          throw new Refusal(
            `${name} is not what Keyframe wrote into the target: somebody changed it meanwhile. The backup does not count.`,
          )
        if (read.fault !== null)
          throw new Refusal(
            `${name} was written, but its image is not sound: ${read.fault}. The backup does not count.`,
          )
        return read
      },
    })
    files.push({ name, bytes: file.bytes, sha256: file.sha256 })
  }
  return files
}

/** Kept once the manifest is written: from then on it is a backup, whatever fails later, and nothing of it is taken back. */
const SEALED = 'it is a backup'
export const isSealed = async (context: SagaContext<BackupJobBase>): Promise<boolean> =>
  (await context.kept(SEALED)) === true

/** Writes the manifest, which makes a backup of the directory, and notes it in the catalogue. */
export async function sealBackup(
  context: SagaContext<BackupJobBase>,
  host: Host,
  target: Target,
  body: Omit<
    ManifestBody,
    'format' | 'version' | 'id' | 'host' | 'leftOut' | 'domainXml' | 'createdAt' | 'tookMs'
  > & { beganMs: number },
): Promise<void> {
  const { backupId, leftOut } = context.input
  const folder = folderOf(target, backupId)
  const readHere = () =>
    host.connection.operate((connect) =>
      withFolder(connect, folder, (pool) => getFile(pool, MANIFEST_FILE, MANIFEST_MAX_BYTES)),
    )
  const readSignature = async () =>
    (
      await host.connection.operate((connect) =>
        withFolder(connect, folder, (pool) => getFile(pool, SIGNATURE_FILE, SIGNATURE_MAX_BYTES)),
      )
    )?.toString('utf8') ?? null
  const { beganMs, ...rest } = body
  const sums = Buffer.from(writeSums(body.files))
  const files = [
    ...body.files,
    { name: SUMS_FILE, bytes: sums.length, sha256: createHash('sha256').update(sums).digest('hex') },
  ]
  await context.allowCancel(false)
  const text = await context.step('write the manifest', {
    // Of a process before this one. Anybody can lay a manifest there whose seal fits: it counts when it is signed.
    isDone: async () => {
      const there = (await readHere())?.toString('utf8') ?? ''
      const read = readManifest(there)
      return 'manifest' in read && read.manifest.id === backupId && isSignedByUs(there, await readSignature())
        ? there
        : null
    },
    do: async (call) => {
      const json = writeManifest({
        format: 'keyframe-backup',
        version: 1,
        id: backupId,
        createdAt: new Date(beganMs).toISOString(),
        tookMs: Date.now() - beganMs,
        host: host.name,
        leftOut,
        domainXml: DOMAIN_FILE,
        ...rest,
        files,
      })
      await host.connection.operate((connect) =>
        inOwnFolder(connect, target, backupId, call, async (writer) => {
          await writer.putFile(SUMS_FILE, sums)
          await writer.putFile(SIGNATURE_FILE, Buffer.from(signManifest(json)))
          await writer.putFile(MANIFEST_FILE, Buffer.from(json))
        }),
      )
      if ((await readHere())?.toString('utf8') !== json)
        throw new Refusal(
          `The manifest of ${backupId} does not read back as it was written. The backup does not count.`,
        )
      return json
    },
  })
  await context.keep(SEALED, true)
  await context.step('note it in the catalogue', {
    do: async (call) => {
      const read = readManifest(text)
      if ('problem' in read || read.manifest.id !== backupId)
        throw new Error(
          `The manifest of ${backupId} that was just written can't be read: ${'problem' in read ? read.problem : 'it is of another backup'}`,
        )
      // From here on it is a backup, and nothing of it may be taken back.
      await host.connection.operate((connect) =>
        withFolder(connect, folder, (pool) => new FolderWriter(connect, pool, call).remove(UNFINISHED_FILE)),
      )
      await noteBackup(target, read.manifest, text, signingKeyId())
      return true
    },
  })
}
