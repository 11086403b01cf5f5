import { describe, expect, it } from 'vitest'
import { PathNames } from './path-names.ts'

describe('names of files', () => {
  it('are numbers in the order in which they are met, alike in pictures and sentences', () => {
    const names = new PathNames(false)
    expect([names.of('/var/lib/images/web.qcow2'), names.of('/var/lib/images/web.s1'), names.of('/var/lib/images/web.qcow2')]).toEqual(['file 1', 'file 2', 'file 1'])
    expect(names.text('Merge vda: web.s1 into web.qcow2')).toBe('Merge vda: file 2 into file 1')
    expect(names.text('/var/lib/images/web.s1 is missing.')).toBe('file 2 is missing.')
  })

  it('keep no folder, and take a longer name for no shorter one', () => {
    const names = new PathNames(false)
    names.learn({ locks: ['/srv/my images/a.img', '/srv/my images/a.img.1'] })
    expect(names.text('No room in /srv/my images: a.img.1, then a.img.')).toBe('No room in a folder: file 2, then file 1.')
  })

  it('are found by their looks where nobody made them known', () => {
    const names = new PathNames(false)
    expect(names.text('Can’t open /tmp/lab/x/disk: denied; other.qcow2 and qemu+ssh://ann@rack1/system too.')).toBe('Can’t open a file: denied; a file and the host too.')
    for (const plain of ['512 KiB/s, 1/2 done', 'and/or', 'Taken at 12:00.', 'vda: done']) expect(names.text(plain)).toBe(plain)
  })

  it('do not say which of two files of one name is meant', () => {
    const names = new PathNames(false)
    names.learn(['/a/disk.raw', '/b/disk.raw'])
    expect(names.text('disk.raw')).toBe('a file')
  })

  it('survive what means something in a pattern', () => {
    const names = new PathNames(false)
    names.learn(['/a/x (1)+[2].qcow2', '/a/$&'])
    expect(names.text('x (1)+[2].qcow2; /a/$&')).toBe('file 1; file 2')
  })

  it('stay where paths are allowed; hosts go all the same', () => {
    const names = new PathNames(true)
    expect([names.of('/a/b'), names.text('/a/b at qemu:///system')]).toEqual(['/a/b', '/a/b at the host'])
  })
})
