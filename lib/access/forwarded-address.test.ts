import { expect, it } from 'vitest'
import { forwardedAddress } from './forwarded-address.ts'

it.each([
  ['nobody is trusted', '203.0.113.9', '198.51.100.1', [], '203.0.113.9'],
  ['a client that writes the header itself', '203.0.113.9', '127.0.0.1', ['127.0.0.1'], '203.0.113.9'],
  ['the proxy’s word', '127.0.0.1', '198.51.100.1', ['127.0.0.1'], '198.51.100.1'],
  [
    'only the last of what the proxy passes on',
    '127.0.0.1',
    '6.6.6.6, 198.51.100.1',
    ['127.0.0.1'],
    '198.51.100.1',
  ],
  [
    'two proxies, by their net',
    '::ffff:10.0.0.2',
    '6.6.6.6, 198.51.100.1, 10.0.0.1',
    ['10.0.0.0/8'],
    '198.51.100.1',
  ],
  ['IPv6, with a port', '::1', '[2001:DB8::7]:4711', ['::1'], '2001:db8::7'],
  ['IPv4, with a port', '::1', '198.51.100.1:80', ['::1'], '198.51.100.1'],
  ['a proxy that says nothing', '127.0.0.1', null, ['127.0.0.1'], '127.0.0.1'],
  ['a proxy that writes what is no address', '127.0.0.1', 'unknown', ['127.0.0.1'], '127.0.0.1'],
  ['every hop trusted', '10.0.0.2', '10.0.0.1', ['10.0.0.0/8'], '10.0.0.1'],
  ['no peer known', null, '198.51.100.1', ['127.0.0.1'], null],
  ['a unix socket', '', '198.51.100.1', ['127.0.0.1'], null],
])('%s', (_, peer, header, trusted, address) => {
  expect(forwardedAddress(peer, header, trusted)).toBe(address)
})
