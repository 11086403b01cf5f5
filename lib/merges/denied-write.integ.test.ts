import { chmodSync, existsSync, readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { patternAt } from '../testing/image-bytes.ts'
import { acts, guestWrites } from '../testing/in-process.ts'
import { run } from '../testing/lab/run-command.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { disk, startBareGuest, startOnLab } from '../testing/on-lab.ts'

const { lab, keyframe } = await startOnLab('denied')
const path = (file: string) => join(lab.imagesDir, file)
const hashOf = (file: string) =>
  createHash('sha256')
    .update(readFileSync(path(file)))
    .digest('hex')

/** A VM that was started on an overlay: what lies below was there at its start. */
async function startedOnOverlay(name: string) {
  const vm = acts(keyframe, await startBareGuest({ lab, keyframe }, name, [disk('qcow2', 8)]))
  await guestWrites(lab, name, 0, 0x11)
  expect((await vm.snapshot({ name: 's1', disks: ['vda'] })).error).toBeNull()
  await guestWrites(lab, name, 0, 0x22)
  expect((await vm.power('force-off')).error).toBeNull()
  expect((await vm.power('start')).error).toBeNull()
  await guestWrites(lab, name, 0, 0x33, 2)
  return vm
}

it('N30: a commit whose base QEMU may not open to write fails at its beginning: no byte changed, no snapshot unproven', async () => {
  const vm = await startedOnOverlay('web')
  const base = hashOf('web-vda.qcow2')
  const [commit] = await vm.plan({ target: 'vda' })
  expect([commit!.direction, commit!.refusal]).toEqual(['commit', null])
  // Another reader that lets nobody write: to QEMU the same as AppArmor's denial, and no mode of the file tells it before.
  const pidFile = join(lab.dir, 'reader.pid')
  const reader = ['--fork', '--pid-file', pidFile, '-t', '-r', '-k', join(lab.dir, 'reader.sock')]
  await run('qemu-nbd', [...reader, '-f', 'qcow2', path('web-vda.qcow2')])
  const pid = Number(readFileSync(pidFile, 'utf8'))
  try {
    const job = await vm.merge([commit!])
    expect(job.status).toBe('failed')
    expect(job.error).toMatch(/Failed to get "write" lock/)
    expect(hashOf('web-vda.qcow2')).toBe(base)
    expect(await vm.files('vda')).toEqual(['web-vda.qcow2', 'web-vda.s1'])
    expect((await vm.snapshots()).map(({ name, unproven }) => [name, unproven])).toEqual([['s1', null]])
    const { store } = await import('../store/store.ts')
    expect(await store().selectFrom('tainted_layers').selectAll().execute()).toEqual([])
    expect((await vm.chains())[0]!.job).toBeNull()
  } finally {
    process.kill(pid)
    await waitUntil(() => !existsSync(`/proc/${pid}`), { limitMs: 5_000, what: 'The end of qemu-nbd' })
  }
  // The guest goes on, and the merge is none the worse for it.
  await guestWrites(lab, 'web', 0, 0x44, 3)
  const [again] = await vm.plan({ target: 'vda' })
  expect((await vm.merge([again!])).error).toBeNull()
  expect(await vm.files('vda')).toEqual(['web-vda.qcow2'])
  expect((await vm.power('force-off')).error).toBeNull()
  const patterns = await Promise.all([0, 2, 3].map((mib) => patternAt(path('web-vda.qcow2'), 'qcow2', mib)))
  expect(patterns).toEqual([0x22, 0x33, 0x44])
})

it('N30: a base whose mode says so is refused before, with the command that fixes it; a pull goes on', async () => {
  const vm = await startedOnOverlay('owned')
  const file = path('owned-vda.qcow2')
  chmodSync(file, 0o444)
  const [commit, pull] = await vm.plan({ target: 'vda' })
  expect(commit!.refusal).toContain(`${file} is write-protected for its owner (mode 0444)`)
  expect(pull!.refusal).toBeNull()
  expect((await vm.merge([pull!])).error).toBeNull()
  expect(await vm.files('vda')).toEqual(['owned-vda.s1'])
  expect((await vm.power('force-off')).error).toBeNull()
  expect(await patternAt(path('owned-vda.s1'), 'qcow2')).toBe(0x22)
})
