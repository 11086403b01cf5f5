import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { copySparse } from './copy-sparse.ts'
import { escapeXml } from './domain-xml.ts'
import { type Guest, type GuestOptions } from './guest.ts'
import { imageName } from './guest-disks.ts'
import type { Lab } from './lab.ts'
import { makeOnce } from './make-once.ts'
import { guestCacheDir } from './paths.ts'
import { startTestLab } from './test-lab.ts'
import { SAVE_HEADER_BYTES, savedXmlBytes, withSavedXml } from './saved-image.ts'

// Booting costs 6 s, continuing a saved state 1 s: tests begin with a guest that has written for a moment already.

const TEMPLATE = 'kf-saved'

type Shape = ('raw' | 'qcow2')[]

function shapeOf(options: GuestOptions): Shape {
  const plain = (options.disks ?? [{}]).every((disk) => Object.keys(disk).every((key) => key === 'format'))
  if (
    !plain ||
    (options.agent ?? 'running') !== 'running' ||
    (options.system ?? 'linux') !== 'linux' ||
    options.memoryMiB ||
    options.paceMs
  ) {
    throw new Error(
      `Guest ${options.name} can't start from a saved state: that holds a guest like web or db, with nothing but the formats of its disks to choose.`,
    )
  }
  return (options.disks ?? [{}]).map((disk) => disk.format ?? 'qcow2')
}

function templateDir(shape: Shape): string {
  // A state belongs to the QEMU that saved it.
  const qemu = ['/usr/bin/qemu-system-x86_64', '/usr/local/bin/qemu-system-x86_64'].find((path) =>
    existsSync(path),
  )
  return join(guestCacheDir(), `saved-${shape.join('-')}-${qemu ? Math.floor(statSync(qemu).mtimeMs) : 0}`)
}

const target = (index: number) => `vd${String.fromCharCode(97 + index)}`

async function makeTemplate(shape: Shape, fresh: string): Promise<void> {
  const lab = await startTestLab('saved')
  try {
    await lab.defineGuest({ name: TEMPLATE, disks: shape.map((format) => ({ format })) })
    await lab.startGuest(TEMPLATE)
    await lab.virsh('save', TEMPLATE, join(lab.imagesDir, 'state'))
    copyFileSync(join(lab.imagesDir, 'state'), join(fresh, 'state'))
    for (const [index, format] of shape.entries())
      await copySparse(
        join(lab.imagesDir, imageName(TEMPLATE, target(index), format)),
        join(fresh, target(index)),
      )
  } finally {
    await lab.stop({ remove: true })
  }
}

/** Defines a guest like web or db whose first start continues a saved state: 1 s instead of 6 to boot. */
export async function defineSavedGuest(lab: Lab, options: GuestOptions): Promise<Guest> {
  const shape = shapeOf(options)
  const guest = await lab.defineGuest(options)
  await putSavedState(lab, shape, guest)
  return guest
}

/** Replaces the fresh disks of a defined guest by saved ones, and leaves libvirt the state to continue from. */
async function putSavedState(lab: Lab, shape: Shape, guest: Guest): Promise<void> {
  const dir = templateDir(shape)
  await makeOnce(dir, (fresh) => makeTemplate(shape, fresh))
  for (const disk of guest.disks) {
    await copySparse(join(dir, disk.target), disk.path)
    lab.user.own(disk.path)
  }
  const uuid = (await lab.virsh('domuuid', '--domain', guest.name)).trim()
  const folder = join(lab.dirs.config, 'libvirt/qemu/save')
  mkdirSync(folder, { recursive: true })
  lab.user.own(folder)
  const state = join(folder, `${guest.name}.save`)
  copyFileSync(join(dir, 'state'), state)
  const file = openSync(state, 'r+')
  try {
    const header = Buffer.alloc(SAVE_HEADER_BYTES)
    readSync(file, header, 0, header.length, 0)
    const head = Buffer.alloc(savedXmlBytes(header))
    readSync(file, head, 0, head.length, 0)
    const changed = withSavedXml(head, (xml) => {
      let mine = xml
        .replace(/<name>[^<]*<\/name>/, `<name>${escapeXml(guest.name)}</name>`)
        .replace(/<uuid>[^<]*<\/uuid>/, `<uuid>${uuid}</uuid>`)
      mine = mine.replace(
        /<source path='[^']*\/console\/[^']*'/g,
        `<source path='${escapeXml(guest.consoleLog)}'`,
      )
      for (const disk of guest.disks)
        mine = mine.replace(
          new RegExp(`<source file='[^']*-${disk.target}\\.[^']*'`),
          `<source file='${escapeXml(disk.path)}'`,
        )
      return mine.replace(
        /<(kernel|initrd)>[^<]*\/([^/<]*)</g,
        (_, tag: string, name: string) => `<${tag}>${escapeXml(lab.dir)}/${name}<`,
      )
    })
    writeSync(file, changed, 0, changed.length, 0)
  } finally {
    closeSync(file)
  }
  lab.user.own(state)
}
