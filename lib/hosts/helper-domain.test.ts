import { describe, expect, it } from 'vitest'
import { helperDomainXml, helperKindOfHost, helperKindOfVm } from './helper-domain.ts'

const guest = (arch: string, ...types: string[]) =>
  `<guest><os_type>hvm</os_type><arch name='${arch}'><emulator>/usr/bin/qemu-system-${arch}</emulator>${types.map((type) => `<domain type='${type}'/>`).join('')}</arch></guest>`
const capabilities = (hostArch: string, ...guests: string[]) =>
  `<capabilities><host><cpu><arch>${hostArch}</arch></cpu></host>${guests.join('')}</capabilities>`

describe('the kind of a helper', () => {
  it('comes from the host: its own architecture, emulated where it can be', () => {
    expect(
      helperKindOfHost(capabilities('x86_64', guest('i686', 'qemu'), guest('x86_64', 'qemu', 'kvm'))),
    ).toEqual({ virtType: 'qemu', arch: 'x86_64', machine: null, emulator: null })
    expect(helperKindOfHost(capabilities('aarch64', guest('aarch64', 'kvm')))).toMatchObject({
      virtType: 'kvm',
      arch: 'aarch64',
    })
    expect(helperKindOfHost(capabilities('riscv64', guest('x86_64', 'qemu')))).toMatchObject({
      arch: 'x86_64',
    })
    expect(() => helperKindOfHost(capabilities('x86_64'))).toThrow(/can run no guest/)
  })

  it('of a VM is what libvirt runs it with', () => {
    expect(
      helperKindOfVm(
        "<domain type='kvm'><os><type arch='x86_64' machine='q35'>hvm</type></os><devices><emulator>/q</emulator></devices></domain>",
      ),
    ).toEqual({ virtType: 'kvm', arch: 'x86_64', machine: 'q35', emulator: '/q' })
  })

  it('goes into XML as text, whatever it holds', () => {
    const xml = helperDomainXml(
      { virtType: "q'/><x>", arch: '<a>', machine: "'", emulator: '<e>' },
      'n',
      '<disk/>',
    )
    expect(xml).not.toMatch(/<x>|<a>|<e>/)
    expect(
      helperDomainXml({ virtType: 'qemu', arch: 'x86_64', machine: null, emulator: null }, 'n', '<disk/>'),
    ).not.toMatch(/machine|emulator/)
  })
})
