import { describe, expect, it } from 'vitest'
import { Connect } from './connect.ts'
import { VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL } from './flags/backup-flags.ts'
import { VIR_DOMAIN_BLOCK_COPY_REUSE_EXT } from './flags/block-flags.ts'
import { codecOf } from './protocol/codec.ts'
import { REMOTE_PROGRAM, type RemoteProcedure } from './protocol/programs.ts'
import { RpcClient } from './protocol/rpc-client.ts'
import { XdrReader } from './protocol/xdr.ts'
import { FakeTransport, turn } from './testing/fake-transport.ts'
import { reply } from './testing/packets.ts'

const UUID = '00112233-4455-6677-8899-aabbccddeeff'

function open() {
  const transport = new FakeTransport()
  const domain = new Connect(new RpcClient(transport, { keepaliveIntervalMs: 0 }), 'test').domainReference(
    UUID,
  )
  /** What the last call sent. */
  const sent = <P extends RemoteProcedure>(procedure: P): unknown => {
    const packet = transport.sent.at(-1)!
    expect(packet.procedure).toBe(REMOTE_PROGRAM.table[procedure][0])
    return codecOf(REMOTE_PROGRAM.table[procedure][1]).read(new XdrReader(packet.payload))
  }
  return { transport, domain, sent }
}

describe('blockCopy', () => {
  it('sends bandwidth as unsigned long long and granularity as unsigned int, and nothing for what was not said', async () => {
    const { transport, domain, sent } = open()
    const call = domain.blockCopy(
      'vda',
      '<disk/>',
      { bandwidthBytesPerSecond: 1_000_000, granularityBytes: 65_536 },
      VIR_DOMAIN_BLOCK_COPY_REUSE_EXT,
    )
    await turn()
    expect(sent('DOMAIN_BLOCK_COPY')).toMatchObject({
      path: 'vda',
      destxml: '<disk/>',
      flags: 2,
      params: [
        { field: 'bandwidth', value: { type: 'ullong', value: 1_000_000n } },
        { field: 'granularity', value: { type: 'uint', value: 65_536 } },
      ],
    })
    transport.receive(reply('DOMAIN_BLOCK_COPY', 1, {}))
    await call
    void domain.blockCopy('vda', '<disk/>', {}).catch(() => undefined)
    await turn()
    expect(sent('DOMAIN_BLOCK_COPY')).toMatchObject({ params: [], flags: 0 })
  })
})

describe('backupBegin', () => {
  it('goes without a checkpoint, too', async () => {
    const { transport, domain, sent } = open()
    const call = domain.backupBegin('<domainbackup/>', null, VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL)
    await turn()
    expect(sent('DOMAIN_BACKUP_BEGIN')).toMatchObject({
      backup_xml: '<domainbackup/>',
      checkpoint_xml: null,
      flags: 1,
    })
    transport.receive(reply('DOMAIN_BACKUP_BEGIN', 1, {}))
    await call
  })
})

describe('getJobStats', () => {
  it('names the type of the job', async () => {
    const { transport, domain } = open()
    const call = domain.getJobStats()
    await turn()
    transport.receive(
      reply('DOMAIN_GET_JOB_STATS', 1, {
        type: 4,
        params: [{ field: 'disk_total', value: { type: 'ullong', value: 7n } }],
      }),
    )
    expect(await call).toEqual({ type: 'failed', params: new Map([['disk_total', 7n]]) })
  })
})
