import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { type LabUser } from './lab-user.ts'
import { type LibvirtdDirs } from './libvirtd.ts'
import { cacheDir } from './paths.ts'

// libvirtd asks every QEMU program what it can: 4 s at a lab's first start, 0.3 s with the answers of an earlier
// lab. libvirt itself throws away answers that are of another QEMU or another libvirt (it compares their times).

const ENDING = '.xml'
const kept = () => join(cacheDir(), 'qemu-capabilities')
const used = (dirs: LibvirtdDirs) => join(dirs.cache, 'libvirt/qemu/cache/capabilities')

export function lendCapabilities(dirs: LibvirtdDirs, user: LabUser): void {
  if (!existsSync(kept()) || existsSync(used(dirs))) return
  let path = dirs.cache
  for (const part of ['libvirt', 'qemu', 'cache', 'capabilities']) {
    path = join(path, part)
    mkdirSync(path, { recursive: true })
    user.own(path)
  }
  for (const name of readdirSync(kept()).filter((each) => each.endsWith(ENDING))) {
    copyFileSync(join(kept(), name), join(path, name))
    user.own(join(path, name))
  }
}

export function keepCapabilities(dirs: LibvirtdDirs): void {
  if (!existsSync(used(dirs))) return
  mkdirSync(kept(), { recursive: true })
  for (const name of readdirSync(used(dirs)).filter((each) => each.endsWith(ENDING))) {
    // Renamed when it is whole: a lab of another process may be lent it at this moment.
    const fresh = join(kept(), `${name}.${process.pid}`)
    copyFileSync(join(used(dirs), name), fresh)
    renameSync(fresh, join(kept(), name))
  }
}
