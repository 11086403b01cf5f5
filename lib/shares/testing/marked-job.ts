import type { JobKind, JobStatus } from '../../jobs/types.ts'

/** For tests: words that no share may hold. */
export const MARK = {
  host: 'MARK-rack',
  target: 'MARK-nas',
  other: 'MARK-payroll',
  user: 'MARK-ann',
  word: 'MARK-libvirt',
} as const
/** No share without paths may hold a part of it. */
export const MARKED_FILE =
  '/MARKED-data/MARKED-My Customers/ACMEMARKED GmbH-MARKED/MARKED-db MARKED-disk.qcow2'
/** The share's own. */
export const OWN = { vm: 'own-vm', snapshot: 'own-snapshot', disk: 'vda' } as const

const SENTENCE = `On ${MARK.host} the target ${MARK.target} failed for ${MARK.other}, says ${MARK.user}: ${MARK.word} can’t open '${MARKED_FILE}' of qemu+ssh://${MARK.user}@${MARK.host}/system.`
const INPUT = JSON.stringify({
  host: MARK.host,
  vm: 'u',
  target: MARK.target,
  reason: SENTENCE,
  note: SENTENCE,
  name: MARK.other,
  backupId: `${MARK.other}-2026`,
  act: MARK.word,
  snapshot: OWN.snapshot,
  order: [OWN.snapshot],
  disks: [
    { target: OWN.disk, path: MARKED_FILE },
    { target: MARK.host, path: MARKED_FILE },
  ],
  request: {
    name: OWN.snapshot,
    description: SENTENCE,
    disks: [{ target: OWN.disk, overlayPath: MARKED_FILE }],
  },
  plans: [
    { target: OWN.disk, topPath: MARKED_FILE, basePath: `${MARKED_FILE}.base`, direction: 'commit' },
    { target: MARK.target, topPath: MARKED_FILE, basePath: null, direction: 'pull' },
  ],
  plan: { act: MARK.word, target: MARK.target, path: MARKED_FILE },
})
const STEPS = [
  `copy ${MARK.target}`,
  `merge ${MARK.other} back, try 2`,
  `remove ${MARKED_FILE}`,
  `pull into ${MARKED_FILE}`,
  `delete ${MARK.other}`,
  `read ${MARK.other}-2026/${MARK.target}.qcow2`,
  `forget ${MARK.other}`,
  SENTENCE,
]
const CALLS = [
  `virsh -c qemu+ssh://${MARK.user}@${MARK.host}/system blockcommit --domain ${OWN.vm} --path vda --base /own/base --active`,
  `virsh -c qemu:///system start --domain ${MARK.other}`,
  `virsh -c 'qemu:///system?${MARK.user}' vol-delete --vol ${MARK.target} --pool ${MARK.target}`,
  `virsh -c qemu:///system blockjob --domain ${OWN.vm} --path ${MARK.target}`,
  SENTENCE,
]
const XML = `<domain><name>${MARK.other}</name><graphics passwd='${MARK.word}'/><source file='${MARKED_FILE}'><host name='${MARK.host}'/></source></domain>`

interface Job {
  id: string
  kind: JobKind
  status: JobStatus
  vmUuid?: string
  vmName?: string
}

/** For tests: rows of a job, its steps and their calls, which name all of these in every field. */
export function markedRows({ id, kind, status, vmUuid = 'u', vmName = OWN.vm }: Job) {
  const nowMs = Date.now()
  const isOver = status === 'succeeded' || status === 'failed' || status === 'cancelled'
  return {
    job: {
      id,
      kind,
      host: MARK.host,
      vm_uuid: vmUuid,
      vm_name: vmName,
      title: SENTENCE,
      status,
      by: MARK.user,
      nonce: id,
      input: INPUT,
      created_at_ms: nowMs,
      ended_at_ms: isOver ? nowMs : null,
      percent: 7,
      note: SENTENCE,
      result: JSON.stringify([SENTENCE, SENTENCE]),
      error: SENTENCE,
      can_cancel: 1,
      cancel_requested: 0,
      version: '1',
      run: 1,
      mode: 'do',
      locks: JSON.stringify([MARKED_FILE, `${MARKED_FILE}.base`]),
      begun_at_ms: nowMs,
      offers: JSON.stringify([{ act: 'retry', sentence: SENTENCE }]),
      request: SENTENCE,
      copied_bytes: null,
      kept: JSON.stringify({ word: SENTENCE }),
    },
    steps: STEPS.map((name, index) => ({
      step: {
        job_id: id,
        run: 1,
        mode: 'do',
        name,
        status: index % 2 === 0 ? 'failed' : 'done',
        begun_at_ms: nowMs,
        ended_at_ms: nowMs,
        outcome: SENTENCE,
      },
      calls: CALLS.map((virsh) => ({
        procedure: index === 0 ? SENTENCE : 'virDomainBlockCommit',
        virsh,
        xml: XML,
        begun_at_ms: nowMs,
        ended_at_ms: nowMs,
        outcome: index % 2 === 0 ? SENTENCE : 'ok',
      })),
    })),
  }
}
