import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WEB } from '../../lib/testing/lab/guest.ts'
import { qemuIo } from '../../lib/testing/lab/qemu-io.ts'
import type { Lab } from '../../lib/testing/lab/lab.ts'

export const NAME = WEB.name
/** What a backup of it is restored as. */
export const RESTORED = `${NAME}-restored`
const TARGETS = ['vda', 'vdb'] as const
/** libvirt tells a snapshot's time in whole seconds; the guest writes some ten records meanwhile. */
const BETWEEN_SNAPSHOTS_MS = 1_100

/** The guest of every case: the lab's web, its bases on one small file system and its overlays on another. */
export class FaultGuest {
  readonly lab: Lab
  readonly overlaysDir: string
  /** A target of backups. */
  readonly backupsDir: string
  constructor(lab: Lab, overlaysDir: string, backupsDir: string) {
    this.lab = lab
    this.overlaysDir = overlaysDir
    this.backupsDir = backupsDir
  }

  get basesDir(): string {
    return this.lab.imagesDir
  }

  /** Snapshots as an administrator would take them with virsh. */
  async snapshot(...names: string[]): Promise<void> {
    for (const name of names) {
      await sleep(BETWEEN_SNAPSHOTS_MS)
      const disks = TARGETS.flatMap((target) => [
        '--diskspec',
        `${target},snapshot=external,file=${join(this.overlaysDir, `${NAME}-${target}.${name}`)}`,
      ])
      await this.lab.virsh('snapshot-create-as', NAME, name, '--disk-only', '--atomic', ...disks)
    }
  }

  /** Something to copy, in blocks that the guest's file system leaves free: 32 kB records alone would be merged in no time. */
  async fill(mebibytes: number): Promise<void> {
    for (const index of TARGETS.keys()) {
      await qemuIo(this.lab, NAME, index, `write -P 90 200M ${mebibytes}M`)
    }
  }

  /** Every file of both folders, with its path. */
  files(): string[] {
    return [this.basesDir, this.overlaysDir].flatMap((dir) => readdirSync(dir).map((name) => join(dir, name)))
  }

  async state(): Promise<string> {
    return (await this.lab.virsh('domstate', NAME)).trim()
  }
}
