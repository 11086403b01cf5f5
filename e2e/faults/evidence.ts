import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { cacheDir } from '../../lib/testing/lab/paths.ts'
import { run } from '../../lib/testing/lab/run-command.ts'
import { NAME } from './fault-guest.ts'
import { straceLog } from './faults.ts'
import type { Stage } from './stage.ts'

const LOG_TAIL_CHARS = 20_000

export const faultsDir = () => join(cacheDir(), 'faults')
/** Where the logs and the XML of a failed case stand. */
export const evidenceDir = (name: string) => join(faultsDir(), 'failed', name.replace(/[^A-Za-z0-9]+/g, '-'))

/** What a failed case leaves to look at. */
export async function keepEvidence(
  stage: Stage,
  name: string,
  facts: object,
  logs: readonly string[],
): Promise<void> {
  const dir = evidenceDir(name)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'facts.json'), JSON.stringify(facts, undefined, 2))
  for (const log of logs) if (existsSync(log)) copyFileSync(log, join(dir, basename(log)))
  writeFileSync(join(dir, 'libvirtd.log'), readFileSync(stage.lab.dirs.log, 'utf8').slice(-LOG_TAIL_CHARS))
  const others = {
    'qemu.log': join(stage.lab.dirs.cache, 'libvirt/qemu/log', `${NAME}.log`),
    'strace.log': straceLog(stage.guest),
    'console.log': stage.lab.guests[NAME]?.consoleLog,
  }
  for (const [file, from] of Object.entries(others))
    if (from && existsSync(from)) copyFileSync(from, join(dir, file))
  mkdirSync(join(dir, 'images'))
  await run('cp', ['--sparse=always', ...stage.guest.files(), join(dir, 'images')]).catch(() => undefined)
  for (const [file, args] of [
    ['domain.xml', ['dumpxml', NAME]],
    ['snapshots.txt', ['snapshot-list', NAME, '--tree']],
    ['state.txt', ['domstate', NAME, '--reason']],
  ] as const) {
    writeFileSync(join(dir, file), await stage.lab.virsh(...args).catch((error: unknown) => String(error)))
  }
}
