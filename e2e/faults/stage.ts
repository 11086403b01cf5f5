import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lab } from '../../lib/testing/lab/lab.ts'
import { libvirtUri } from '../../lib/testing/lab/libvirtd.ts'
import { startTestLab } from '../../lib/testing/lab/test-lab.ts'
import { bundleSubject } from './bundle-subject.ts'
import { FaultGuest } from './fault-guest.ts'
import { LibvirtProxy } from './libvirt-proxy.ts'
import { clearGuest, firstScene, saveScene, startScene, type SavedScene } from './saved-scene.ts'
import type { Scenario } from './scenario.ts'
import { SubjectSupply } from './subject-process.ts'

/** Disks of 256 MiB hold some 10 MiB; what is free must be filled in a moment. */
const FILE_SYSTEM_BYTES = 192 * 1024 * 1024

let bundled: Promise<string> | undefined

/** One lab for many cases: libvirtd, the proxy before it, the saved scenes, and an app that is ready to be used. */
export class Stage {
  readonly lab: Lab
  readonly guest: FaultGuest
  readonly proxy: LibvirtProxy
  readonly supply: SubjectSupply
  /** Logs of apps, and what else a case writes; gone with the stage. */
  readonly folder: string
  readonly #scenes = new Map<string, Promise<SavedScene>>()

  private constructor(lab: Lab, guest: FaultGuest, proxy: LibvirtProxy, folder: string, program: string) {
    this.lab = lab
    this.guest = guest
    this.proxy = proxy
    this.folder = folder
    this.supply = new SubjectSupply(program, folder)
  }

  static async open(): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'kf-faults-'))
    const lab = await startTestLab('faults')
    try {
      await lab.mountTmpfs('images', FILE_SYSTEM_BYTES)
      const guest = new FaultGuest(
        lab,
        await lab.mountTmpfs('overlays', FILE_SYSTEM_BYTES),
        await lab.mountTmpfs('backups', FILE_SYSTEM_BYTES),
      )
      // Keyframe lets overlays go to the VM's own folders and to pools.
      for (const args of [
        ['pool-define-as', 'overlays', 'dir', '--target', guest.overlaysDir],
        ['pool-start', 'overlays'],
        ['pool-autostart', 'overlays'],
      ])
        await lab.virsh(...args)
      const proxy = await LibvirtProxy.start(join(lab.dir, 'proxy.sock'), lab.socketPath)
      const stage = new Stage(lab, guest, proxy, folder, await (bundled ??= bundleSubject()))
      stage.supply.prepare()
      return stage
    } catch (error) {
      await lab.stop({ remove: true })
      throw error
    }
  }

  get uri(): string {
    return libvirtUri(this.proxy.socketPath)
  }

  /** What a scenario begins with, made on first use. */
  scene(scenario: Scenario): Promise<SavedScene> {
    return this.#once(scenario.name, async () => {
      const first = await this.#once('', () => firstScene(this.guest, join(this.lab.dir, 'scenes')))
      await startScene(this.guest, first)
      await scenario.prepare(this.guest)
      return saveScene(this.guest, join(this.lab.dir, 'scenes', scenario.name))
    })
  }

  #once(name: string, make: () => Promise<SavedScene>): Promise<SavedScene> {
    const made = this.#scenes.get(name) ?? make()
    this.#scenes.set(name, made)
    made.catch(() => this.#scenes.delete(name))
    return made
  }

  async clear(): Promise<void> {
    await this.lab.startLibvirtd()
    await clearGuest(this.guest)
  }

  async close(): Promise<void> {
    await this.supply.stop()
    await this.proxy.stop()
    await this.lab.stop({ remove: true })
    rmSync(this.folder, { recursive: true, force: true })
  }
}
