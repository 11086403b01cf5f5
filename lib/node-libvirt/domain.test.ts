import { expect, it } from 'vitest'
import { Domain } from './domain.ts'
import { RpcClient } from './protocol/rpc-client.ts'
import { FakeTransport, turn } from './testing/fake-transport.ts'
import { errorReply, reply } from './testing/packets.ts'

it('has no current snapshot when that goes between the question and its name', async () => {
  const transport = new FakeTransport()
  const domain = new Domain(new RpcClient(transport, { keepaliveIntervalMs: 0 }), {
    name: 'web',
    uuid: new Uint8Array(16),
    id: 1,
  })
  const current = domain.snapshotCurrent()
  await turn()
  transport.receive(reply('DOMAIN_HAS_CURRENT_SNAPSHOT', 1, { result: 1 }))
  await turn()
  transport.receive(
    errorReply('DOMAIN_SNAPSHOT_CURRENT', 2, 72, 'the domain does not have a current snapshot'),
  )
  expect(await current).toBeNull()
})
