import { expect, it } from 'vitest'
import { virshCommand } from './virsh-command.ts'

it('quotes what a shell would read otherwise', () => {
  expect(
    virshCommand('qemu:///system', 'blockjob', '--domain', "it's web 2", '--path', 'vda', '--pivot'),
  ).toBe(`virsh -c qemu:///system blockjob --domain 'it'\\''s web 2' --path vda --pivot`)
  expect(virshCommand('qemu+unix:///session?socket=/tmp/a b', 'start', '--domain', '$(reboot)')).toBe(
    `virsh -c 'qemu+unix:///session?socket=/tmp/a b' start --domain '$(reboot)'`,
  )
})
