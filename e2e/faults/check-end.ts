import { existsSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRecords } from '../../lib/testing/lab/guest-records.ts'
import { CommandFailed, run } from '../../lib/testing/lab/run-command.ts'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'
import { type FaultGuest, NAME } from './fault-guest.ts'
import type { End, Must } from './end.ts'
import { mayFollow } from './job-end.ts'
import { describeRecords, hashOf, imageAt, readLayer, type LayerRecords } from './layer-records.ts'
import { backingChain } from './observe.ts'
import { endQemu, fileNames } from './saved-scene.ts'
import type { Outcome } from './scenario.ts'
import { checkBackups, checkRestored, readOldest } from './check-backups.ts'

/** After a boot under TCG; a guest that runs takes a tenth of a second for a record. */
const WRITES_LIMIT_MS = 30_000
const NEW_RECORDS = 3
/** A reading costs more than the wait for it. */
const RECORDS_TAKE_MS = 400

/** Everything that must be true when a job has ended after a fault: what is not, a sentence each. */
export async function checkEnd(end: End): Promise<{ outcome: string; faults: string[] }> {
  const faults: string[] = []
  const must = (holds: boolean, sentence: string) => {
    if (!holds) faults.push(sentence)
  }
  const outcome = findOutcome(end)
  must(
    outcome !== undefined,
    `no legal outcome: job ${end.job.status}, chains ${fileNames(end.reality.chains.vda).join(' < ')} and ${fileNames(end.reality.chains.vdb).join(' < ')}, snapshots ${end.reality.snapshots.map((each) => each.name).join(', ') || 'none'}`,
  )
  checkPage(end, must)
  const frozenBefore = frozenFiles(end)
  await wakeUp(end, must)
  const lastLive = await writesOn(end).catch(async (error: unknown) => {
    faults.push(`the guest does not write: ${(error as Error).message} ${await whyStill(end)}`)
    return 0
  })
  if (outcome?.backups !== undefined) await checkBackups(end, outcome, must)
  if (outcome?.restored !== undefined) await checkRestored(end, outcome.restored, must)
  await stopGuest(end.guest)
  await checkData(end, outcome, lastLive, must)
  must(
    frozenFiles(end).join() === frozenBefore.join(),
    `a frozen layer changes while the guest writes: ${frozenBefore.join(', ')} before, ${frozenFiles(end).join(', ')} after`,
  )
  checkFrozen(end, await readFrozen(end, faults), must)
  await checkImages(end, must)
  await checkOrphans(end, outcome?.unused ?? [], must)
  return { outcome: outcome?.name ?? 'none', faults }
}

const fits = (pattern: readonly string[], names: readonly string[]) =>
  pattern.length === names.length && pattern.every((each, index) => each === '*' || each === names[index])

function findOutcome({ scenario, job, chosen, reality, mayStop }: End): Outcome | undefined {
  return scenario.outcomes.find(
    (outcome) =>
      (outcome.job === 'succeeded') === (job.status === 'succeeded') &&
      outcome.chosen === chosen &&
      mayFollow(outcome, mayStop) &&
      fits(outcome.chains.vda, fileNames(reality.chains.vda)) &&
      fits(outcome.chains.vdb, fileNames(reality.chains.vdb)) &&
      fits(
        outcome.snapshots,
        reality.snapshots.map((each) => each.name),
      ),
  )
}

/** The page shows what is, and says in a sentence what became of the job. */
function checkPage({ job, view, reality }: End, must: Must): void {
  const said = [job.error ?? '', ...job.result].join(' ')
  must(said.trim() !== '', 'the job ended without a word')
  must(!/for a reason that Keyframe does not know/.test(said), `the job ended with an unknown error: ${said}`)
  for (const target of ['vda', 'vdb'] as const) {
    const shown =
      view.chains.find((chain) => chain.target === target)?.layers.map((layer) => layer.path) ?? []
    must(
      shown.join() === reality.chains[target].join(),
      `the page shows ${target} as ${fileNames(shown).join(' < ')}, it is ${fileNames(reality.chains[target]).join(' < ')}`,
    )
  }
  const shown = view.tree.nodes.map((node) => node.name).sort()
  must(
    shown.join() ===
      reality.snapshots
        .map((each) => each.name)
        .sort()
        .join(),
    `the page shows the snapshots ${shown.join(', ') || 'none'}`,
  )
  if (job.status === 'succeeded')
    for (const node of view.tree.nodes)
      must(node.unproven === null, `the job succeeded, but ${node.name} is unproven: ${node.unproven}`)
}

type Frozen = Map<string, LayerRecords>

/** Snapshots that the page does not call unproven. */
const provenSnapshots = ({ view, reality }: End) =>
  reality.snapshots.filter(
    ({ name }) => view.tree.nodes.find((node) => node.name === name)?.unproven === null,
  )

/** Each frozen layer with its time: the least write moves it. */
const frozenFiles = (end: End): string[] =>
  provenSnapshots(end).flatMap(({ frozen }) =>
    frozen.filter(({ path }) => existsSync(path)).map(({ path }) => `${path} of ${statSync(path).mtimeMs}`),
  )

/** What each snapshot that the page does not call unproven would give back. */
async function readFrozen(end: End, faults: string[]): Promise<Frozen> {
  const frozen: Frozen = new Map()
  await Promise.all(
    provenSnapshots(end).flatMap(({ name, frozen: disks }) =>
      disks.map(async ({ target, path }) => {
        if (!existsSync(path)) faults.push(`the snapshot ${name} lists ${path}, which does not exist`)
        else frozen.set(`${name} ${target}`, await readLayer(path))
      }),
    ),
  )
  return frozen
}

function checkFrozen({ scene }: End, frozen: Frozen, must: Must): void {
  for (const [key, records] of frozen) {
    const [name, target] = key.split(' ') as [string, string]
    must(
      records.missing.length === 0,
      `the snapshot ${name} lacks records ${records.missing.slice(0, 5).join(', ')} on ${target}`,
    )
    const then = scene.frozen[name]?.[target]
    if (then)
      must(
        records.hash === then.hash,
        `the snapshot ${name} holds ${records.count} records up to ${records.lastSeq} on ${target}, it froze ${then.count} up to ${then.lastSeq}, and the page does not call it unproven`,
      )
    else {
      must(
        records.lastSeq >= scene.lastSeq,
        `the snapshot ${name} ends at record ${records.lastSeq} on ${target}, ${scene.lastSeq} was written before it`,
      )
      const other = frozen.get(`${name} ${target === 'vda' ? 'vdb' : 'vda'}`)
      must(
        other !== undefined && Math.abs(other.lastSeq - records.lastSeq) <= 1,
        `the snapshot ${name} caught its disks at different moments`,
      )
    }
  }
}

/** What a person would press: Start after QEMU was killed, Resume after a disk failed; nothing else may have stopped it. */
async function wakeUp({ guest, mayStop, reality, job, scenario }: End, must: Must): Promise<void> {
  if (reality.vmState === 'running') return
  if (scenario.off && reality.vmState === 'shut off') await guest.lab.virsh('start', NAME)
  else if (mayStop === 'the QEMU is gone' && reality.vmState === 'shut off')
    await guest.lab.virsh('start', NAME)
  else if (mayStop === 'a disk has failed' && reality.vmState === 'paused')
    await guest.lab.virsh('resume', NAME)
  else {
    must(false, `the VM is ${reality.vmState} (${job.error ?? job.result.join(' ')})`)
    if (reality.vmState === 'paused') await guest.lab.virsh('resume', NAME)
  }
}

const lastSeqs = async ({ reality }: End) =>
  Promise.all(
    [reality.chains.vda.at(-1)!, reality.chains.vdb.at(-1)!].map(
      async (path) => (await readLayer(path)).lastSeq,
    ),
  )

/** Paused, QEMU has written out all that it held back; ending it then is a matter of 50 ms instead of the 1,700 of `virsh destroy`. */
async function stopGuest(guest: FaultGuest): Promise<void> {
  if ((await guest.state()) === 'running') await guest.lab.virsh('suspend', NAME)
  await endQemu(guest)
}

/** For the sentence about a guest that does not write. */
async function whyStill({ guest: { lab } }: End): Promise<string> {
  const [state, errors, agent] = await Promise.all(
    [
      ['domstate', NAME, '--reason'],
      ['domblkerror', NAME],
      ['domfsinfo', NAME],
    ].map((args) => lab.virsh(...args).catch((error: unknown) => String(error))),
  )
  return `State: ${state!.trim()}. Disk errors: ${errors!.trim()}. Agent: ${/frozen/i.test(agent!) ? 'FROZEN' : agent!.trim()}.`
}

/** Both disks get new records: the guest is not frozen, not paused, and its file systems can be written to. */
async function writesOn(end: End): Promise<number> {
  let last: number[] = []
  const first = await waitUntil(() => lastSeqs(end), {
    limitMs: 10_000,
    what: 'A reading of the guest’s records',
  })
  await sleep(RECORDS_TAKE_MS)
  await waitUntil(
    async () => {
      last = await lastSeqs(end)
      return last.every((seq, index) => seq >= first[index]! + NEW_RECORDS)
    },
    { limitMs: WRITES_LIMIT_MS, everyMs: 400, what: `Record ${first[0]! + NEW_RECORDS} of both disks` },
  )
  return Math.min(...last)
}

async function checkData(
  { scene, reality, guest }: End,
  outcome: Outcome | undefined,
  lastLive: number,
  must: Must,
): Promise<void> {
  await Promise.all(
    (['vda', 'vdb'] as const).map(async (target) => {
      const records = await readRecords(imageAt(reality.chains[target].at(-1)!))
      const { missing, lastSeq } = describeRecords(records)
      must(missing.length === 0, `${target} lacks ${missing.length} records from ${missing[0]} on`)
      must(
        lastSeq >= lastLive,
        `${target} ends at record ${lastSeq}, ${lastLive} was there before the guest stopped`,
      )
      const data = outcome?.data ?? 'all'
      if (data === 'all')
        must(
          lastSeq >= scene.lastSeq,
          `${target} ends at record ${lastSeq}, ${scene.lastSeq} was written before the job`,
        )
      else {
        const [then, what] =
          data === 'backup'
            ? [describeRecords(await readOldest(guest, target)), 'the backup']
            : [scene.frozen[data.snapshot]![target]!, data.snapshot]
        must(
          hashOf(records.slice(0, then.count)) === then.hash,
          `${target} does not hold exactly what ${what} froze`,
        )
        const boot = records[0]?.boot
        must(
          records.slice(then.count).every((record) => record.boot !== boot),
          `${target} holds records that were written after ${what}`,
        )
      }
    }),
  )
}

async function checkImages({ guest, mayStop }: End, must: Must): Promise<void> {
  await Promise.all(
    guest.files().map(async (path) => {
      if (path.endsWith('.img') || statSync(path).size === 0) return
      const said = await run('qemu-img', ['check', '--output=json', '-f', 'qcow2', path]).catch(
        (error: unknown) => {
          if (error instanceof CommandFailed && error.code === 3) return '{"leaks":1}'
          return `{"error":${JSON.stringify(String(error))}}`
        },
      )
      const {
        error,
        corruptions = 0,
        leaks = 0,
      } = JSON.parse(said) as { error?: string; corruptions?: number; leaks?: number }
      must(
        error === undefined && corruptions === 0,
        `${path} is damaged: ${error ?? `${corruptions} corruptions`}`,
      )
      // A write that failed, or a killed QEMU, leaves clusters that nothing refers to: lost space, no lost data.
      must(leaks === 0 || mayStop !== undefined, `${path} has leaked clusters`)
    }),
  )
}

/** Files that belong to no chain of the VM and of none of its snapshots. */
async function checkOrphans({ guest, reality }: End, known: readonly string[], must: Must): Promise<void> {
  const used = new Set([...reality.chains.vda, ...reality.chains.vdb])
  for (const { frozen } of reality.snapshots)
    for (const { path } of frozen)
      if (existsSync(path)) for (const each of await backingChain(path)) used.add(each)
  const orphans = guest.files().filter((path) => !used.has(path) && !known.includes(basename(path)))
  must(orphans.length === 0, `files that nothing uses: ${fileNames(orphans).join(', ')}`)
}
