import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Lab } from '../../lib/testing/lab/lab.ts'

/** Backups of one VM's vda as an administrator makes them with virsh, each with a checkpoint that the next one goes on from. */
export class VirshBackups {
  readonly #lab: Lab
  readonly #vm: string
  readonly #folder: string
  #number = 0
  #last: string | undefined

  constructor(lab: Lab, vm: string, folder: string) {
    this.#lab = lab
    this.#vm = vm
    this.#folder = folder
  }

  /** `backup-begin` and the wait for the job's end; frozen for its begin when asked to, which virsh leaves to whoever calls it. */
  async backUp({
    full,
    frozen = false,
  }: {
    full: boolean
    frozen?: boolean
  }): Promise<{ tookMs: number; bytes: number }> {
    const name = `virsh-${++this.#number}`
    const file = join(this.#folder, `${name}.qcow2`)
    const [backup, checkpoint] = ['backup', 'checkpoint'].map((each) =>
      join(this.#folder, `${each}.xml`),
    ) as [string, string]
    const from = full || this.#last === undefined ? '' : `<incremental>${this.#last}</incremental>`
    writeFileSync(
      backup,
      `<domainbackup mode='push'>${from}<disks><disk name='vda' backup='yes' type='file'><driver type='qcow2'/><target file='${file}'/></disk></disks></domainbackup>`,
    )
    writeFileSync(checkpoint, `<domaincheckpoint><name>${name}</name></domaincheckpoint>`)
    const startedMs = performance.now()
    if (frozen) await this.#lab.virsh('domfsfreeze', this.#vm)
    await this.#lab.virsh('backup-begin', this.#vm, backup, checkpoint)
    if (frozen) await this.#lab.virsh('domfsthaw', this.#vm)
    while (!/^\s*(None|Job type:\s+None)/.test(await this.#lab.virsh('domjobinfo', this.#vm)));
    const tookMs = performance.now() - startedMs
    if (!(await this.#lab.virsh('domjobinfo', this.#vm, '--completed')).includes('Completed'))
      throw new Error(`virsh's backup ${name} did not come to its end.`)
    const bytes = statSync(file).size
    rmSync(file)
    if (this.#last !== undefined) await this.#lab.virsh('checkpoint-delete', this.#vm, this.#last)
    this.#last = name
    return { tookMs, bytes }
  }
}
