import { expect, test } from 'vitest'
import { installLines, parseSystem } from './install-lines.ts'
import { majorVersion, TOOLS } from './tools.ts'

const bookworm = 'ID=debian\nVERSION_CODENAME=bookworm\n'
const storage = TOOLS.filter((tool) => tool.name.includes('storage driver'))

test('distributions, with relatives', () => {
  expect(parseSystem(bookworm)).toEqual({ distribution: 'debian', isBookworm: true })
  expect(parseSystem('ID=ubuntu\nID_LIKE=debian\n')).toEqual({ distribution: 'ubuntu', isBookworm: false })
  expect(parseSystem('ID=rocky\nID_LIKE="rhel centos fedora"\n').distribution).toBe('fedora')
  expect(parseSystem('ID=linuxmint\nID_LIKE="ubuntu debian"\n').distribution).toBe('ubuntu')
  expect(parseSystem('ID=plan9\n').distribution).toBeUndefined()
})

test("the line of one's own distribution, with its packages", () => {
  expect(installLines(storage, parseSystem(bookworm))).toContain(
    '-t bookworm-backports libvirt-daemon-driver-storage',
  )
  expect(installLines(storage, parseSystem('ID=debian\nVERSION_CODENAME=trixie\n'))).not.toContain(
    'backports',
  )
  expect(installLines(storage, parseSystem('ID=arch\n'))).toBe(
    'Run this line:\n  sudo pacman -S --needed --noconfirm libvirt',
  )
})

test('an unknown distribution gets all of them', () => {
  const said = installLines(storage, parseSystem('ID=plan9\n'))
  for (const name of ['Debian 12', 'Debian 13', 'Ubuntu', 'Fedora', 'Arch'])
    expect(said).toContain(`  ${name}:`)
})

test('versions as the tools print them', () => {
  expect(majorVersion('libvirtd (libvirt) 11.3.0')).toBe(11)
  expect(majorVersion('QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)')).toBe(10)
  expect(majorVersion('no version')).toBeUndefined()
})
