import {
  Connect,
  Domain,
  DomainCheckpoint,
  DomainSnapshot,
  StoragePool,
  StorageVol,
  VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL,
  VIR_DOMAIN_BLOCK_COMMIT_ACTIVE,
  VIR_DOMAIN_BLOCK_COMMIT_DELETE,
  VIR_DOMAIN_BLOCK_COMMIT_RELATIVE,
  VIR_DOMAIN_BLOCK_COPY_REUSE_EXT,
  VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB,
  VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT,
  VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY,
  VIR_DOMAIN_DESTROY_GRACEFUL,
  VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC,
  VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY,
  VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE,
  VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY,
  VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING,
  VIR_DOMAIN_START_AUTODESTROY,
  VIR_DOMAIN_START_PAUSED,
} from 'node-libvirt'
import { expect, it } from 'vitest'
import type { DescribedCall } from '../jobs/step-log.ts'
import { RpcClient } from '../node-libvirt/protocol/rpc-client.ts'
import { remoteProcedureName } from '../node-libvirt/protocol/programs.ts'
import { FakeTransport, turn } from '../node-libvirt/testing/fake-transport.ts'
import {
  buildPool,
  createDomain,
  createVolume,
  defineDomain,
  deleteVolume,
  DomainCalls,
  domainWord,
  uploadVolume,
} from './described-calls.ts'

const URI = 'qemu:///system'
const UUID = '00000000-0000-0000-0000-000000000000'

/** A connection on which nobody answers: what was sent is what is looked at. */
function scene() {
  const transport = new FakeTransport()
  const client = new RpcClient(transport, { keepaliveIntervalMs: 0 })
  const reference = { name: 'web', uuid: new Uint8Array(16), id: 1 }
  return {
    transport,
    connect: new Connect(client, URI),
    calls: new DomainCalls(URI, new Domain(client, reference)),
    pool: new StoragePool(client, { name: 'keyframe-1', uuid: new Uint8Array(16) }),
    volume: new StorageVol(client, { pool: 'keyframe-1', name: 'a', key: '/b/a' }),
    snapshot: new DomainSnapshot(client, { name: 's 1', dom: reference }),
    checkpoint: new DomainCheckpoint(client, { name: 'c1', dom: reference }),
  }
}
type Scene = ReturnType<typeof scene>

const CALLS: [virsh: string, describe: (scene: Scene) => DescribedCall<unknown>][] = [
  ['start --domain web', ({ calls }) => calls.create()],
  ['start --domain web --paused', ({ calls }) => calls.create(VIR_DOMAIN_START_PAUSED)],
  ['shutdown --domain web', ({ calls }) => calls.shutdown()],
  ['destroy --domain web', ({ calls }) => calls.destroy()],
  ['destroy --domain web --graceful', ({ calls }) => calls.destroy(VIR_DOMAIN_DESTROY_GRACEFUL)],
  ['suspend --domain web', ({ calls }) => calls.suspend()],
  ['resume --domain web', ({ calls }) => calls.resume()],
  ['dompmwakeup --domain web', ({ calls }) => calls.pmWakeup()],
  ['domfsfreeze --domain web', ({ calls }) => calls.fsFreeze()],
  ['domfsthaw --domain web', ({ calls }) => calls.fsThaw()],
  [
    'snapshot-create --domain web --xmlfile snapshot.xml --disk-only --atomic --quiesce',
    ({ calls }) =>
      calls.snapshotCreateXML('<domainsnapshot/>', [
        VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY,
        VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC,
        VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE,
      ]),
  ],
  [
    `snapshot-revert --domain web --snapshotname 's 1' --running`,
    ({ calls, snapshot }) => calls.revertToSnapshot(snapshot, VIR_DOMAIN_SNAPSHOT_REVERT_RUNNING),
  ],
  [
    `snapshot-delete --domain web --snapshotname 's 1' --metadata`,
    ({ calls, snapshot }) => calls.snapshotDelete(snapshot, VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY),
  ],
  [
    'checkpoint-delete --domain web --checkpointname c1 --metadata',
    ({ calls, checkpoint }) => calls.checkpointDelete(checkpoint, VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY),
  ],
  [
    'blockcommit --domain web --path vda --base /b --active --bandwidth 5 --bytes',
    ({ calls }) => calls.blockCommit('vda', '/b', null, 5, [VIR_DOMAIN_BLOCK_COMMIT_ACTIVE]),
  ],
  [
    'blockcommit --domain web --path vda --top /t --keep-relative',
    ({ calls }) => calls.blockCommit('vda', null, '/t', 0, [VIR_DOMAIN_BLOCK_COMMIT_RELATIVE]),
  ],
  ['blockpull --domain web --path vda', ({ calls }) => calls.blockRebase('vda', null, 0)],
  [
    'blockpull --domain web --path vda --base /b --bandwidth 7 --bytes',
    ({ calls }) => calls.blockRebase('vda', '/b', 7),
  ],
  [
    'blockcopy --domain web --path vda --xml disk.xml --reuse-external',
    ({ calls }) => calls.blockCopy('vda', '<disk/>', 0, VIR_DOMAIN_BLOCK_COPY_REUSE_EXT),
  ],
  [
    'blockcopy --domain web --path vda --xml disk.xml --transient-job',
    ({ calls }) => calls.blockCopy('vda', '<disk/>', 0, VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB),
  ],
  ['blockjob --domain web --path vda --abort', ({ calls }) => calls.blockJobAbort('vda')],
  [
    'blockjob --domain web --path vda --pivot',
    ({ calls }) => calls.blockJobAbort('vda', VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT),
  ],
  ['blockjob --domain web --path vda --bandwidth 9 --bytes', ({ calls }) => calls.blockJobSetSpeed('vda', 9)],
  [
    'backup-begin --domain web --backupxml backup.xml --checkpointxml checkpoint.xml --reuse-external',
    ({ calls }) => calls.backupBegin('<a/>', '<b/>', VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL),
  ],
  ['domjobabort --domain web', ({ calls }) => calls.abortJob()],
  [
    'create --file domain.xml --paused --autodestroy',
    ({ connect }) =>
      createDomain(connect, URI, '<domain/>', [VIR_DOMAIN_START_PAUSED, VIR_DOMAIN_START_AUTODESTROY]),
  ],
  ['define --file domain.xml', ({ connect }) => defineDomain(connect, URI, '<domain/>')],
  ['pool-create --file pool.xml --build', ({ connect }) => buildPool(connect, URI, '<pool/>')],
  ['vol-create --pool keyframe-1 --file volume.xml', ({ pool }) => createVolume(pool, URI, '<volume/>')],
  ['vol-delete --vol /b/a', ({ volume }) => deleteVolume(volume, URI)],
  [
    'vol-upload --vol /b/a --file a.json --offset 0 --length 3',
    ({ volume }) => uploadVolume(volume, URI, Buffer.from('abc'), 'a.json'),
  ],
]

it.each(CALLS)(
  '%s: the line is virsh’s, and what is called is what is written down',
  async (line, describe) => {
    const { transport, ...rest } = scene()
    const call = describe({ transport, ...rest })
    expect(call.virsh).toBe(`virsh -c ${URI} ${line}`)
    void call.run().catch(() => undefined)
    await turn()
    const sent = transport.sent.map(({ procedure }) => remoteProcedureName(procedure)!.replaceAll('_', ''))
    expect(sent.map((name) => `vir${name}`.toLowerCase())).toEqual([call.procedure.toLowerCase()])
  },
)

it('a flag for which virsh has no option makes no line', () => {
  const { calls } = scene()
  expect(() => calls.blockCommit('vda', '/b', null, 0, [VIR_DOMAIN_BLOCK_COMMIT_DELETE])).toThrow('No option')
})

it('keeps passwords and a VM’s whole XML to itself', () => {
  const { calls, connect } = scene()
  expect(calls.snapshotCreateXML(`<graphics passwd='secret'/>`, []).xml).toBe(`<graphics passwd='…'/>`)
  expect(defineDomain(connect, URI, '<domain>secret</domain>').xml).toBeUndefined()
})

it.each([
  ['web', 'web'],
  ['-web', '-web'],
  ['7', UUID],
  ['+7', UUID],
  [' 7', UUID],
  ['7a', '7a'],
  ['11111111-1111-1111-1111-111111111111', UUID],
  ['11111111 1111 1111 1111 111111111111', UUID],
])('a VM called “%s” is called %s', (name, word) => expect(domainWord({ name, uuid: UUID })).toBe(word))
