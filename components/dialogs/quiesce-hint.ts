import type { VmState } from '@/lib/hosts/types'
import { stateWords } from '@/lib/hosts/state-words'
import type { SnapshotForm } from '@/lib/snapshots/types'

export type AgentNow = Pick<SnapshotForm, 'agent' | 'fileSystems' | 'state'>

const POWER_CUT = 'the snapshot is as after a power cut.'

/** What `auto` would do just now. */
const HINTS: Record<SnapshotForm['agent'], (now: AgentNow) => string> = {
  answers: ({ fileSystems }) => ofAnAgent(fileSystems),
  'not configured': () => `This VM has no guest agent, so its file systems can’t be frozen: ${POWER_CUT}`,
  'does not answer': () => `The guest agent does not answer just now: without it ${POWER_CUT}`,
  'no freeze': () => `The guest agent answers, but can’t freeze file systems: ${POWER_CUT}`,
  frozen: () => 'The guest’s file systems are frozen already, and not by Keyframe. Thaw them first.',
  'vm not running': ({ state }) => notRunning(state),
}

export const quiesceHint = (now: AgentNow): string => HINTS[now.agent](now)

function ofAnAgent(fileSystems: number | null): string {
  if (fileSystems === 0)
    return `The guest agent answers, but no file system would be frozen: the guest has none mounted that can be, so ${POWER_CUT}`
  return `The guest agent answers: ${count(fileSystems)} would be frozen for the moment of the snapshot.`
}

function count(fileSystems: number | null): string {
  if (fileSystems === null) return 'its file systems'
  return fileSystems === 1 ? 'its one file system' : `its ${fileSystems} file systems`
}

const notRunning = (state: VmState): string =>
  state === 'shut off'
    ? 'The VM is off: its disks are as it left them, and there is nothing to freeze.'
    : `The VM is ${stateWords(state)}, so its guest agent can’t answer and nothing is frozen.`
