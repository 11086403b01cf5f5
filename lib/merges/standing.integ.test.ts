import { join } from 'node:path'
import { expect, it } from 'vitest'
import { patternAt } from '../testing/image-bytes.ts'
import { acts, guestFlushes, guestWrites } from '../testing/in-process.ts'
import { disk, startBareGuest, startOnLab } from '../testing/on-lab.ts'

const { lab, keyframe } = await startOnLab('standing')

it('a snapshot above a merged range can be reverted to, the range’s file gone', async () => {
  const vm = acts(keyframe, await startBareGuest({ lab, keyframe }, 'w', [disk('qcow2', 8)]))
  for (const each of [1, 2, 3, 4]) {
    await guestWrites(lab, 'w', 0, 0x10 + each, each)
    expect((await vm.snapshot({ name: `s${each}`, disks: ['vda'] })).error).toBeNull()
  }
  const path = (file: string) => join(lab.imagesDir, file)
  const [commit] = await vm.plan({ target: 'vda', topPath: path('w-vda.s1'), basePath: path('w-vda.qcow2') })
  const job = await vm.merge([commit!])
  expect(job.error).toBeNull()
  expect(job.result.join(' ')).toContain('Removed: ')
  const back = await vm.revert('s4')
  expect(back.error).toBeNull()
  await guestFlushes(lab, 'w', 1)
  const [chain] = await vm.chains()
  for (const each of [1, 2, 3, 4])
    expect(await patternAt(chain!.layers.at(-1)!.path, 'qcow2', each)).toBe(0x10 + each)
})
