import { describe, expect, it } from 'vitest'
import { overlayRefusal } from './overlay-refusal.ts'

const file = (path: string) => ({ target: 'vda', sourceType: 'file', path })

describe('where an overlay can’t be made', () => {
  it('beside a block device, which is in memory', () => {
    const disk = { target: 'vda', sourceType: 'block', path: '/dev/vg0/web' }
    expect(overlayRefusal(disk, null, true, 's1')).toMatch(
      /in \/dev\/vg0, the overlay would lie in the memory/,
    )
    expect(overlayRefusal(disk, '/images', true, 's1')).toBeNull()
  })

  it('under a name with a comma while the VM is off, wherever the comma comes from', () => {
    expect(overlayRefusal(file('/i/a.qcow2'), null, false, 'one, two')).toMatch(/Take a name without one/)
    expect(overlayRefusal(file('/i/a,b.qcow2'), null, false)).toMatch(/Start the VM first/)
    expect(overlayRefusal(file('/i/a.qcow2'), '/i,j', false, 's1')).toMatch(/Start the VM first/)
    expect(overlayRefusal(file('/i/a.qcow2,old'), null, false, 's1')).toBeNull()
    expect(overlayRefusal(file('/i/a,b.qcow2'), null, true, 'one, two')).toBeNull()
  })
})
