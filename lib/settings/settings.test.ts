import { describe, expect, it } from 'vitest'
import { parseSettings } from './settings.ts'

const hosts = (uri: string) => parseSettings({ LIBVIRT_URI: uri }).hosts

describe('settings', () => {
  it('has defaults that serve one machine on loopback only', () => {
    const settings = parseSettings({})
    expect(settings).toMatchObject({
      hosts: [{ name: 'local', uri: 'qemu:///system' }],
      port: 3000,
      host: '127.0.0.1',
      url: 'http://127.0.0.1:3000',
      adminPassword: null,
    })
    expect(settings.dataDirectory).toMatch(/\/data$/)
  })

  it('takes several hosts, with and without names', () => {
    expect(hosts('rack1=qemu:///system,lab=qemu:///session')).toEqual([
      { name: 'rack1', uri: 'qemu:///system' },
      { name: 'lab', uri: 'qemu:///session' },
    ])
    expect(
      hosts('qemu:///system,qemu:///session?socket=/run/x,qemu+ssh://root@Box.example:22/system').map(
        (host) => host.name,
      ),
    ).toEqual(['local', 'local-2', 'box-example'])
    expect(hosts('local=qemu:///session,qemu:///system').map((host) => host.name)).toEqual([
      'local',
      'local-2',
    ])
  })

  it('reads %2C as a comma inside a URI, and leaves the = of its parameters alone', () => {
    expect(hosts('a=qemu:///session?socket=/run/a%2Cb')).toEqual([
      { name: 'a', uri: 'qemu:///session?socket=/run/a,b' },
    ])
    expect(hosts('qemu:///session?socket=/run/a')).toEqual([
      { name: 'local', uri: 'qemu:///session?socket=/run/a' },
    ])
  })

  it.each([
    [{ LIBVIRT_URI: 'Rack 1=qemu:///system' }, /LIBVIRT_URI.*name.*"Rack 1"/],
    [{ LIBVIRT_URI: 'a=qemu:///system,a=qemu:///session' }, /LIBVIRT_URI.*two hosts.*"a"/],
    [{ LIBVIRT_URI: 'virsh' }, /LIBVIRT_URI.*"virsh" is not a libvirt connection URI/],
    [{ LIBVIRT_URI: ',' }, /LIBVIRT_URI names no host/],
    [{ PORT: '0' }, /PORT/],
    [{ PORT: '65536' }, /PORT/],
    [{ PORT: '80x' }, /PORT/],
    [{ HOST: 'a b' }, /HOST/],
    [{ KEYFRAME_ADMIN_PASSWORD: 'short12' }, /KEYFRAME_ADMIN_PASSWORD/],
    [{ KEYFRAME_ADMIN_PASSWORD: 'x'.repeat(513) }, /KEYFRAME_ADMIN_PASSWORD/],
    [{ KEYFRAME_TRUSTED_PROXIES: 'nginx' }, /KEYFRAME_TRUSTED_PROXIES.*"nginx"/],
    [{ KEYFRAME_TRUSTED_PROXIES: '10.0.0.0/33' }, /KEYFRAME_TRUSTED_PROXIES/],
    [{ KEYFRAME_TRUSTED_PROXIES: '10.0.0.0/8/8' }, /KEYFRAME_TRUSTED_PROXIES/],
    [{ KEYFRAME_URL: 'keyframe.example' }, /KEYFRAME_URL/],
    [{ KEYFRAME_URL: 'https://x/path' }, /KEYFRAME_URL/],
  ])('refuses %j with a sentence that names the variable', (env, sentence) => {
    expect(() => parseSettings(env)).toThrow(sentence)
  })

  it('sends notifications everywhere, or where that is said', () => {
    expect([
      parseSettings({}).notifyAllow,
      parseSettings({ KEYFRAME_NOTIFY_ALLOW: ' ' }).notifyAllow,
    ]).toEqual([null, null])
    expect(
      parseSettings({ KEYFRAME_NOTIFY_ALLOW: 'ntfy.sh, *.example.org,10.0.0.0/8,::1' }).notifyAllow,
    ).toEqual(['ntfy.sh', '*.example.org', '10.0.0.0/8', '::1'])
    for (const wrong of ['https://ntfy.sh', '10.0.0.0/33', 'a b', '*', '*.', '1.2.3', 'ntfy.sh:443', '-.'])
      expect(() => parseSettings({ KEYFRAME_NOTIFY_ALLOW: wrong })).toThrow(
        `KEYFRAME_NOTIFY_ALLOW: "${wrong}" is no name, address or net`,
      )
  })

  it('asks for https below the own name only where that is said', () => {
    expect([
      parseSettings({}).hstsSubdomains,
      parseSettings({ KEYFRAME_HSTS_SUBDOMAINS: 'no' }).hstsSubdomains,
      parseSettings({ KEYFRAME_HSTS_SUBDOMAINS: 'yes' }).hstsSubdomains,
    ]).toEqual([false, false, true])
    expect(() => parseSettings({ KEYFRAME_HSTS_SUBDOMAINS: 'true' })).toThrow(
      'KEYFRAME_HSTS_SUBDOMAINS is "true": it must be yes or no.',
    )
  })

  it('trusts no proxy but those that are named', () => {
    expect(parseSettings({}).trustedProxies).toEqual([])
    expect(parseSettings({ KEYFRAME_TRUSTED_PROXIES: '127.0.0.1, ::1,10.0.0.0/8' }).trustedProxies).toEqual([
      '127.0.0.1',
      '::1',
      '10.0.0.0/8',
    ])
  })

  it('uses the address of a proxy in front', () => {
    expect(parseSettings({ KEYFRAME_URL: 'https://keyframe.example/' }).url).toBe('https://keyframe.example')
    expect(parseSettings({ HOST: '::1', PORT: '80' }).url).toBe('http://[::1]:80')
    expect(parseSettings({ HOST: '::' }).url).toBe('http://[::1]:3000')
    expect(parseSettings({ HOST: '0.0.0.0' }).url).toBe('http://127.0.0.1:3000')
  })

  it('knows no address for others where it listens on loopback or everywhere, unless it is told', () => {
    const publicUrl = (env: Record<string, string | undefined>) => parseSettings(env).publicUrl
    expect(
      [
        {},
        { HOST: '127.0.0.2' },
        { HOST: '::1' },
        { HOST: 'localhost' },
        { HOST: '0.0.0.0' },
        { HOST: '::' },
      ].map(publicUrl),
    ).toEqual([null, null, null, null, null, null])
    expect(publicUrl({ HOST: '192.0.2.5' })).toBe('http://192.0.2.5:3000')
    expect(publicUrl({ KEYFRAME_URL: 'https://keyframe.example/' })).toBe('https://keyframe.example')
  })
})
