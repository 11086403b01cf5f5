import type { ProtectionState, ReasonKind } from '../schedules/types.ts'
import { LINES_MAXIMUM, SINGLE_MESSAGES_MAXIMUM } from './limits.ts'
import { backupsAddress, vmBackupsAddress } from './page-addresses.ts'
import { line } from './shorten.ts'
import type { Message } from './types.ts'

/** A VM whose protection is another one than was told last. */
export interface Change {
  host: string
  vmUuid: string
  vmName: string
  before: ProtectionState
  state: ProtectionState
  reason: ReasonKind | null
  sentence: string
  sinceMs: number
}

const SENTENCE_MAXIMUM = 600
export const STATE_WORDS: Record<ProtectionState, string> = {
  protected: 'is protected',
  'at-risk': 'is at risk',
  unprotected: 'is not protected',
}
const LEVELS: Record<ProtectionState, Message['level']> = {
  protected: 'good',
  'at-risk': 'attention',
  unprotected: 'bad',
}
const WHAT_TO_DO: Record<ReasonKind, string> = {
  'no-schedule': 'Put it on a schedule.',
  'schedule-off': 'Turn its schedule on.',
  'no-backup': 'Back it up, or put it on a schedule.',
  failed: 'Mend what is in the way and back it up again.',
  damaged: 'Back it up again.',
  'broken-chain': 'Back it up again.',
  unchecked: 'Check the backup.',
  target: 'See that the target is there again.',
  stale: 'Back it up now, and see why its runs made no good backup.',
  disk: 'Back it up again, with all its disks.',
}

/** Is it news? While a new backup waits for its check, nothing has changed that a person could mend. Pure. */
export function isNews(
  told: { state: string; reason: string | null },
  now: { state: string; reason: string | null },
): boolean {
  return (
    told.state !== now.state ||
    (now.reason !== null && now.reason !== 'unchecked' && now.reason !== told.reason)
  )
}

/** A message for each; for many at once, as when a target goes away, one for all. Pure. */
export function protectionMessages(changes: readonly Change[], atMs: number): Message[] {
  if (changes.length === 0) return []
  return changes.length > SINGLE_MESSAGES_MAXIMUM
    ? [ofMany(changes, atMs)]
    : changes.map((change) => ofOne(change, atMs))
}

const vmOf = (change: Change) => ({
  host: change.host,
  name: change.vmName,
  uuid: change.vmUuid,
  protection: change.state,
  before: change.before,
  sentence: change.sentence,
})

function comparedWithBefore({ state, before }: Change): string {
  if (state === 'protected' && before === 'at-risk') return ' again'
  return state === before ? ', for another reason' : ''
}

function ofOne(change: Change, atMs: number): Message {
  const { host, vmName, state, reason, sentence } = change
  return {
    event: 'protection',
    atMs,
    level: LEVELS[state],
    title: line(`${vmName} on ${host} ${STATE_WORDS[state]}${comparedWithBefore(change)}`, 200),
    text: [line(sentence, SENTENCE_MAXIMUM), reason === null ? '' : WHAT_TO_DO[reason]].join(' ').trim(),
    path: vmBackupsAddress(host, vmName),
    vms: [vmOf(change)],
    jobs: [],
    counts: null,
  }
}

function ofMany(changes: readonly Change[], atMs: number): Message {
  const worst = [...changes].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
  const counts = ORDER.map((state) => ({
    state,
    count: changes.filter((change) => change.state === state).length,
  })).filter((each) => each.count > 0)
  const lines = worst
    .slice(0, LINES_MAXIMUM)
    .map(
      (change) =>
        `${change.vmName} on ${change.host} ${STATE_WORDS[change.state]}. ${line(change.sentence, SENTENCE_MAXIMUM)}`,
    )
  return {
    event: 'protection',
    atMs,
    level: LEVELS[worst[0]!.state],
    title: `Protection changed: ${counts.map(({ state, count }) => `${count} ${SHORT[state]}`).join(', ')}`,
    text: [
      ...lines,
      ...(worst.length > LINES_MAXIMUM ? [`And ${worst.length - LINES_MAXIMUM} more.`] : []),
    ].join('\n'),
    path: backupsAddress(),
    vms: worst.map(vmOf),
    jobs: [],
    counts: null,
  }
}

const ORDER: readonly ProtectionState[] = ['unprotected', 'at-risk', 'protected']
const SHORT: Record<ProtectionState, string> = {
  unprotected: 'not protected',
  'at-risk': 'at risk',
  protected: 'protected',
}
