import { describe, expect, it } from 'vitest'
import { demandsOf, restoredXml } from './restored-xml.ts'
import { demandSentence } from './confine-domain.ts'

const OFFER = { firmware: ['/usr/share/OVMF/OVMF_CODE_4M.fd'], emulators: ['/usr/bin/qemu-system-x86_64'] }
const NEW = {
  name: 'n',
  uuid: 'aaaaaaaa-2222-3333-4444-555555555555',
  disks: new Map<string, { path: string; format: string }>(),
  networkUp: true,
  nvramPath: null,
}
const domain = (inside: string, devices = '') =>
  `<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>v</name><uuid>11111111-2222-3333-4444-555555555555</uuid>${inside}<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>${devices}</devices></domain>`
const restored = (xml: string) => restoredXml(xml, NEW, OFFER)
const sentences = (xml: string) => demandsOf(xml, OFFER).map(demandSentence)

/** Each with a word that must not be in the restored VM, and the word that must be in the plan. */
const DEMANDS: [string, string, string, RegExp][] = [
  [
    'a PCI device',
    '',
    "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' bus='0x03' slot='0x00' function='0x0'/></source></hostdev>",
    /A device of the host \(domain 0x0000 bus 0x03.*\): left out/,
  ],
  [
    'a shared folder',
    '',
    "<filesystem type='mount'><source dir='/etc'/><target dir='etc'/></filesystem>",
    /A shared folder \(\/etc\): left out/,
  ],
  [
    'virtiofs',
    '',
    "<filesystem type='mount'><driver type='virtiofs'/><binary path='/tmp/evil'/><source socket='/tmp/s'/><target dir='x'/></filesystem>",
    /A shared folder.*: left out/,
  ],
  [
    'QEMU arguments',
    "<qemu:commandline><qemu:arg value='-chardev'/><qemu:arg value='file,path=/etc/shadow'/></qemu:commandline>",
    '',
    /QEMU’s own settings \(qemu:commandline -chardev file,path=\/etc\/shadow\): left out/,
  ],
  [
    'QEMU overrides',
    "<qemu:override><qemu:device alias='x'/></qemu:override>",
    '',
    /QEMU’s own settings.*: left out/,
  ],
  [
    'a serial port to a file',
    '',
    "<serial type='file'><source path='/root/.ssh/authorized_keys'/><target port='0'/></serial>",
    /A serial device that ends at \/root\/.ssh\/authorized_keys: the new VM gets its own/,
  ],
  [
    'a console to a device',
    '',
    "<console type='dev'><source path='/dev/mem'/></console>",
    /A console device that ends at \/dev\/mem: the new VM gets its own/,
  ],
  [
    'a channel over TCP',
    '',
    "<channel type='tcp'><source mode='bind' host='0.0.0.0' service='4444'/><target type='virtio' name='x'/></channel>",
    /A channel device that ends at 4444: the new VM gets its own/,
  ],
  [
    'a log file',
    '',
    "<serial type='pty'><log file='/etc/cron.d/x' append='on'/><target port='0'/></serial>",
    /The log file \/etc\/cron.d\/x: left out/,
  ],
  [
    'an emulator',
    '',
    '<emulator>/srv/backups/evil/qemu</emulator>',
    /The emulator \/srv\/backups\/evil\/qemu: chosen by the host/,
  ],
  [
    'a network script',
    '',
    "<interface type='bridge'><source bridge='br0'/><script path='/tmp/evil.sh'/></interface>",
    /A network script \(path \/tmp\/evil.sh\): left out/,
  ],
  [
    'a network card of the host',
    '',
    "<interface type='hostdev'><source><address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x1'/></source></interface>",
    /<interface> \(type pci domain 0x0000 bus 0x04.*\): left out/,
  ],
  [
    'a medium',
    '',
    "<disk type='block' device='cdrom'><source dev='/dev/sda'/><target dev='sdb' bus='sata'/></disk>",
    /The medium \/dev\/sda in sdb: left out/,
  ],
  [
    'a VNC port',
    '',
    "<graphics type='vnc' port='5901' autoport='no' listen='0.0.0.0'/>",
    /The vnc port 5901: the new VM gets its own/,
  ],
  [
    'a VNC socket',
    '',
    "<graphics type='vnc'><listen type='socket' socket='/run/evil.sock'/></graphics>",
    /The socket \/run\/evil.sock: the new VM gets its own/,
  ],
  [
    'a vsock address',
    '',
    "<vsock model='virtio'><cid auto='no' address='7'/></vsock>",
    /The vsock address 7: the new VM gets its own/,
  ],
  [
    'random numbers of a device',
    '',
    "<rng model='virtio'><backend model='random'>/dev/sda</backend></rng>",
    /Random numbers from \/dev\/sda: chosen by the host/,
  ],
  [
    'a TPM of the host',
    '',
    "<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>",
    /<tpm>.*: left out/,
  ],
  ['shared memory', '', "<shmem name='evil'/>", /Shared memory \(name evil\): left out/],
  [
    'an NVDIMM',
    '',
    "<memory model='nvdimm'><source><path>/etc/shadow</path></source><target><size>1</size></target></memory>",
    /<memory>.*: left out/,
  ],
  [
    'a keyboard of the host',
    '',
    "<input type='evdev'><source dev='/dev/input/event1'/></input>",
    /<input> \(\/dev\/input\/event1\): left out/,
  ],
  [
    'sound to a file',
    '',
    "<audio id='1' type='file' path='/etc/evil'/>",
    /Sound by file on the host: left out/,
  ],
  [
    'a fwcfg file',
    "<sysinfo type='fwcfg'><entry name='opt/x' file='/etc/shadow'/></sysinfo>",
    '',
    /<sysinfo> \(type fwcfg\): left out/,
  ],
  [
    'a security label',
    "<seclabel type='none' model='apparmor'/>",
    '',
    /A security label \(type none model apparmor\): left out/,
  ],
  [
    'elements in CDATA',
    '<description><![CDATA[</description><qemu:commandline><qemu:arg value="/etc/shadow"/></qemu:commandline><description>]]></description><hostdev/>',
    '',
    /A device of the host: left out/,
  ],
  ['a second <os>', '<os><kernel>/etc/shadow</kernel></os>', '', /The kernel \(\/etc\/shadow\): left out/],
  [
    'a second <devices>',
    '',
    "</devices><devices><filesystem type='mount'><source dir='/etc/'/></filesystem>",
    /A shared folder \(\/etc\/\): left out/,
  ],
  [
    'firmware variables of the host',
    "<os><varstore path='/etc/x' template='/etc/y'/></os>",
    '',
    /A store of firmware variables.*: left out/,
  ],
  [
    'a whole network card',
    '',
    "<interface type='direct'><source dev='eth0' mode='passthrough'/></interface>",
    /<interface> \(eth0\): left out/,
  ],
  [
    'a screen open to everybody',
    '',
    "<graphics type='vnc' autoport='yes' listen='0.0.0.0'><listen type='address' address='0.0.0.0'/></graphics>",
    /The vnc screen at 0\.0\.0\.0: chosen by the host/,
  ],
  [
    'a graphics card',
    '',
    "<graphics type='spice' autoport='yes'><gl enable='yes' rendernode='/dev/dri/renderD128'/></graphics>",
    /The graphics card \/dev\/dri\/renderD128: chosen by the host/,
  ],
  [
    'memory that is never swapped',
    '<memoryBacking><locked/><hugepages/></memoryBacking>',
    '',
    /Memory that is never swapped: left out/,
  ],
  ['the host’s own SMBIOS', "<os><smbios mode='host'/></os>", '', /<smbios> \(mode host\): left out/],
  [
    'raw SCSI commands',
    '',
    "<disk type='block' device='lun' rawio='yes' sgio='unfiltered'><source dev='/dev/sda'/><target dev='sdz'/></disk>",
    /SCSI commands of sdz to a device of the host: left out/,
  ],
  [
    'a port of the host',
    '',
    "<interface type='user'><backend type='passt' logFile='/etc/evil'/><portForward proto='tcp'><range start='5901'/></portForward></interface>",
    /A port of the host.*: left out/,
  ],
  [
    'a ROM from a file',
    '',
    "<interface type='user'><rom bar='on' file='/etc/shadow'/></interface>",
    /The file \/etc\/shadow \(rom file\): left out/,
  ],
  [
    'a keyboard map from a file',
    '',
    "<graphics type='vnc' autoport='yes' keymap='../../etc/passwd'/>",
    /The file ..\/..\/etc\/passwd \(graphics keymap\): left out/,
  ],
  [
    'a graphics card of another element',
    '',
    "<video><model type='virtio'><acceleration rendernode='/dev/dri/x'/></model></video>",
    /The file \/dev\/dri\/x \(acceleration rendernode\): left out/,
  ],
  [
    'a secret of the host',
    '',
    "<disk type='file' device='cdrom'><auth username='evil'/><target dev='sdb'/></disk>",
    /<auth> \(username evil\): left out/,
  ],
  [
    'a file in a text',
    '',
    "<tpm model='tpm-crb'><backend type='emulator'><profile>/etc/x</profile></backend></tpm>",
    /The file \/etc\/x \(profile\): left out/,
  ],
  [
    'what libvirt may learn later',
    "<newthing path='/etc/shadow'/>",
    "<newdevice><source path='/etc/shadow'/></newdevice>",
    /<newdevice> \(\/etc\/shadow\): left out/,
  ],
]

describe('a saved configuration', () => {
  it.each(DEMANDS)('can’t give the restored VM %s, and the plan says so', (_, inside, devices, sentence) => {
    const xml = domain(inside, devices)
    expect(sentences(xml)).toEqual(expect.arrayContaining([expect.stringMatching(sentence)]))
    const { xml: made, demands } = restored(xml)
    // What stands in CDATA is text.
    expect(made.replaceAll(/<!\[CDATA\[[^]*?\]\]>/g, '')).not.toMatch(
      /\/etc\/|\/dev\/(sda|mem|tpm|input|dri)|evil|\/root|<hostdev|<filesystem|0\.0\.0\.0|service=|5901|qemu:|address="7"|0x0[34]|<kernel|varstore|passthrough|hugepages|locked|mode="host"|rawio|sgio|lun/,
    )
    expect(demands.map(demandSentence)).toEqual(sentences(xml))
    // What is restored from the restored asks for nothing more.
    expect(sentences(made)).toEqual([])
  })

  it('with a document type of its own is read by nobody', () => {
    expect(() => sentences(`<!DOCTYPE domain [<!ENTITY x SYSTEM "/etc/shadow">]>${domain('')}`)).toThrow(
      /document type of its own/,
    )
  })

  it('whose screen listened at a network listens where the host says', () => {
    const made = restored(
      domain('', "<graphics type='vnc' autoport='yes'><listen type='network' network='default'/></graphics>"),
    ).xml
    expect(made).toContain('<listen type="address"/>')
  })

  it('keeps text in CDATA as it is', () => {
    const made = restored(domain('<metadata><app><![CDATA[a < b && c]]></app></metadata>')).xml
    expect(made).toContain('<![CDATA[a < b && c]]>')
  })

  it('of a VM with passt restores with a network that works, without the ports', () => {
    const made = restored(
      domain(
        '',
        "<interface type='user'><backend type='passt'/><portForward proto='tcp'><range start='2022' to='22'/></portForward><model type='virtio'/></interface>",
      ),
    ).xml
    expect(made).toContain('<backend type="passt"/>')
    expect(made).not.toContain('portForward')
  })

  it('keeps firmware that the host knows, and lets the host choose for the rest', () => {
    const os = (loader: string) =>
      `<domain type='kvm'><name>v</name><uuid>u</uuid><os><type arch='x86_64'>hvm</type>${loader}<kernel>/boot/evil</kernel><initrd>/boot/evil2</initrd><cmdline>init=/bin/sh</cmdline></os><devices/></domain>`
    const known = restored(
      os("<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"),
    )
    expect(known.xml).toContain('/usr/share/OVMF/OVMF_CODE_4M.fd')
    expect(known.demands.map(demandSentence)).toEqual([
      'The kernel (/boot/evil): left out.',
      'The initrd (/boot/evil2): left out.',
      'The kernel’s command line (init=/bin/sh): left out.',
    ])
    const other = restored(os("<loader readonly='yes' type='pflash'>/srv/evil.fd</loader>"))
    expect(other.xml).not.toContain('evil')
    expect(other.xml).toMatch(/<os firmware="efi">/)
    expect(other.demands.map(demandSentence)[3]).toBe('The firmware /srv/evil.fd: chosen by the host.')
  })

  it('of a plain VM asks for nothing, and comes out as it was', () => {
    const devices =
      "<emulator>/usr/bin/qemu-system-x86_64</emulator><controller type='usb' model='qemu-xhci'/><interface type='network'><source network='default'/><model type='virtio'/></interface><serial type='pty'><target port='0'/></serial><console type='pty'><target type='serial' port='0'/></console><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel><input type='tablet' bus='usb'/><graphics type='spice' autoport='yes'/><video><model type='virtio'/></video><memballoon model='virtio'/><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng><tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm><watchdog model='itco' action='reset'/>"
    const xml = domain(
      "<memory unit='KiB'>1024</memory><vcpu>2</vcpu><cpu mode='host-passthrough'/><features><acpi/></features>",
      devices,
    )
    expect(sentences(xml)).toEqual([])
    const { xml: made } = restored(xml)
    for (const part of [
      'qemu-xhci',
      'network="default"',
      'org.qemu.guest_agent.0',
      'host-passthrough',
      '/dev/urandom',
      'type="emulator"',
      'itco',
    ])
      expect(made).toContain(part)
  })
})
