import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { marksPeers, markPeers, PEER_HEADER } from './peer-address.ts'

it('names the other end of the connection, whatever the client says of it', async () => {
  expect(marksPeers()).toBe(false)
  markPeers()
  markPeers()
  expect(marksPeers()).toBe(true)
  const server = createServer((request, response) => response.end(String(request.headers[PEER_HEADER])))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { [PEER_HEADER]: '6.6.6.6' } })
  expect(await answer.text()).toBe('127.0.0.1')
  server.close()
})
