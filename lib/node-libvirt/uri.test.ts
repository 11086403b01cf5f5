import { describe, expect, it } from 'vitest'
import { resolveUri } from './uri.ts'

const machine = (isRoot: boolean, existing: string[] = []) => ({
  isRoot,
  env: { XDG_RUNTIME_DIR: '/run/user/7', HOME: '/home/u' },
  exists: (path: string) => existing.includes(path),
})

describe('connection URIs (WIRE.md, section 4)', () => {
  it.each<[string, boolean, boolean, string[], string, string]>([
    ['qemu:///system', false, false, [], '/run/libvirt/libvirt-sock', 'qemu:///system'],
    ['qemu:///system', true, false, [], '/run/libvirt/libvirt-sock-ro', 'qemu:///system'],
    [
      'qemu:///system',
      false,
      false,
      ['/run/libvirt/virtqemud-sock'],
      '/run/libvirt/virtqemud-sock',
      'qemu:///system',
    ],
    [
      'qemu:///system?mode=legacy',
      false,
      false,
      ['/run/libvirt/virtqemud-sock'],
      '/run/libvirt/libvirt-sock',
      'qemu:///system',
    ],
    ['qemu:///system?mode=direct', false, false, [], '/run/libvirt/virtqemud-sock', 'qemu:///system'],
    ['qemu:///session', true, false, [], '/run/user/7/libvirt/libvirt-sock', 'qemu:///session'],
    ['qemu:///session', false, true, [], '/run/libvirt/libvirt-sock', 'qemu:///session'],
    ['qemu:///session?socket=/x/y,z', false, false, [], '/x/y,z', 'qemu:///session'],
    ['test+unix:///a/b.xml?socket=/s', false, false, [], '/s', 'test:///a/b.xml'],
    [
      'qemu+unix:///system?no_verify=1&keep=2',
      false,
      false,
      [],
      '/run/libvirt/libvirt-sock',
      'qemu:///system?keep=2',
    ],
  ])('%s (read-only %s, root %s)', (uri, readonly, isRoot, existing, socketPath, name) => {
    expect(resolveUri(uri, readonly, machine(isRoot, existing))).toEqual({ socketPath, name })
  })

  it.each(['qemu+ssh://host/system', 'qemu://host/system', 'qemu+tcp://host/system', 'nonsense'])(
    '%s is refused with a sentence',
    (uri) => {
      expect(() => resolveUri(uri, false, machine(false))).toThrow(
        /only local unix sockets|not a libvirt connection URI/,
      )
    },
  )
})
