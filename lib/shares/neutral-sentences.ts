import type { LayerProblemKind } from '../chains/types.ts'
import type { AttentionKind } from '../hosts/types.ts'
import type { ReasonKind } from '../schedules/types.ts'

// The sentences that Keyframe tells its users may name other VMs, files and hosts. A share says what is wrong in words that can name nothing.

export const ATTENTION: Record<AttentionKind, string> = {
  'disk-full': 'It is paused: the file system of one of its disks is full.',
  'io-error': 'It is paused by an I/O error of a disk.',
  frozen: 'Its file systems are frozen: the guest waits.',
  'broken-chain': 'A layer of one of its disks is missing or damaged.',
  'job-waiting': 'A block job is ready and waits for its pivot.',
  'delete-unfinished': 'The delete of a snapshot was broken off.',
  hung: 'Its QEMU does not answer: what is shown may be old.',
  'next-start-differs': 'Its next start would use other files than those that it writes to now.',
  'deep-chain': 'A disk has more layers than libvirt can start it with.',
}

export const LAYER_PROBLEM: Record<LayerProblemKind, string> = {
  missing: 'The file is missing.',
  unreadable: 'It can’t be read.',
  loop: 'Its backing file is a layer above it: the chain is a loop.',
  'format-not-recorded': 'It does not record the format of its backing file.',
  'format-differs': 'It does not begin as an image of its format does.',
  corrupt: 'QEMU has marked it as corrupt.',
  'too-deep': 'The chain goes on; the rest is not shown.',
  'header-differs':
    'The configuration of the VM and the header of this layer disagree about the layer below.',
}

export const NOT_AS_PLANNED = 'Who shared this can see in Keyframe what differs.'

export const UNPROVEN = 'Its data may no longer be what was frozen.'

export const NOT_PROTECTED: Record<ReasonKind, string> = {
  'no-schedule': 'It is on no schedule of backups.',
  'schedule-off': 'Its schedule is switched off.',
  'no-backup': 'There is no backup that passed its check.',
  failed: 'The last run of its schedule failed.',
  damaged: 'A backup is damaged.',
  'broken-chain': 'A backup rests on one that is gone.',
  unchecked: 'The newest backup is not checked yet.',
  target: 'The place where backups go can’t be reached.',
  stale: 'The newest good backup is older than its schedule allows.',
  disk: 'A disk is in no good backup.',
}
