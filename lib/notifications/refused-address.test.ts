import { describe, expect, it } from 'vitest'
import { allowedPlaces } from './allowed-places.ts'
import { refusedAddress } from './refused-address.ts'

describe('an address that nothing is sent to', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    'fe80::1',
    'fe80::1%eth0',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '192.0.0.1',
    'fd00:ec2::254',
    'fd20:ce::254',
    'FD20:CE:0:0:0:0:0:254',
    // An IPv4 address inside of an IPv6 one: mapped, compatible, translated, NAT64, 6to4, ISATAP.
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::169.254.169.254',
    '::a9fe:a9fe',
    '::ffff:0:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '64:ff9b::6464:64c8',
    '2002:a9fe:a9fe::',
    '2002:a9fe:a9fe:1::5',
    '2001:db8::5efe:a9fe:a9fe',
    // NAT64 for local use, by the four lengths of RFC 6052.
    '64:ff9b:1::a9fe:a9fe',
    '64:ff9b:1:ab::169.254.169.254',
    '64:ff9b:1:a9fe:a9:fe00::',
    '64:ff9b:1:aa:a9:fea9:fe00:0',
  ])('%s: it leads to where clouds keep secrets', (address) => {
    expect(refusedAddress(address)).toMatch(/clouds keep secrets/)
  })

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '239.255.255.250',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    'ff02::1',
    'fec0::1',
    '100::1',
    '2001::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '::ffff:0.0.0.0',
    '64:ff9b::e000:1',
    '2002:e000:1::',
  ])('%s: no server has it', (address) => {
    expect(refusedAddress(address)).toMatch(/the address of no server/)
  })

  it.each([
    '127.0.0.1',
    '::1',
    '10.0.0.5',
    '192.168.1.1',
    '172.16.0.1',
    '100.100.100.201',
    '168.63.129.17',
    '192.0.1.1',
    '192.0.2.1',
    '169.253.255.255',
    '169.255.0.0',
    '223.255.255.255',
    'fd00:ec2::253',
    'fd12::1',
    '2001:db8::1',
    '2001:4860::8888',
    '2a00:1450::5',
    '::ffff:10.0.0.5',
    '64:ff9b::a00:5',
    '64:ff9b:1:fffe::10.0.0.5',
    '2002:a00:5::1',
    'ntfy.sh',
    'localhost',
  ])('%s: it may be', (address) => {
    expect(refusedAddress(address)).toBeNull()
  })
})

describe('KEYFRAME_NOTIFY_ALLOW', () => {
  it('names, names below one, addresses and nets; without it everything', () => {
    const { refusesName, refusesAddress } = allowedPlaces([
      'ntfy.sh',
      '*.Example.org',
      '10.0.0.0/8',
      'fd12::/16',
      '192.0.2.7',
    ])
    for (const host of [
      'ntfy.sh',
      'NTFY.sh.',
      'a.example.org',
      'a.b.example.org',
      '10.1.2.3',
      'fd12::1',
      '192.0.2.7',
    ])
      expect([host, refusesName(host)]).toEqual([host, null])
    for (const host of ['192.0.2.8', '11.0.0.1', 'fd13::1', '::ffff:11.0.0.1'])
      expect(refusesName(host)).toBe(
        `Keyframe sends nothing to ${host}: it is not among the places that KEYFRAME_NOTIFY_ALLOW names.`,
      )
    // A name that is not listed may lead into a net that is: its addresses decide.
    expect([
      refusesName('mail.corp'),
      refusesAddress('mail.corp', '10.0.0.9'),
      refusesAddress('ntfy.sh', '203.0.113.1'),
    ]).toEqual([null, null, null])
    for (const host of ['mail.corp', 'example.org', 'evilexample.org', 'ntfy.sh.evil.org'])
      expect(refusesAddress(host, '203.0.113.1')).toContain('KEYFRAME_NOTIFY_ALLOW')
    expect(allowedPlaces(['ntfy.sh']).refusesName('mail.corp')).toContain('KEYFRAME_NOTIFY_ALLOW')
    expect([
      allowedPlaces(null).refusesName('x.org'),
      allowedPlaces(null).refusesAddress('x.org', '203.0.113.1'),
    ]).toEqual([null, null])
  })
})
