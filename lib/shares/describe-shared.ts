import type { SharedView, ShareKind } from './types.ts'

const GONE: Record<ShareKind, string> = {
  vm: 'The VM is gone',
  snapshot: 'The snapshot is gone',
  job: 'The job is gone',
  backups: 'The VM is gone',
}
const STATUS = {
  queued: 'Queued',
  running: 'Running',
  waiting: 'Waits for a decision',
  succeeded: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
} as const
const PROTECTION = {
  protected: 'Protected',
  'at-risk': 'At risk',
  unprotected: 'Not protected',
  'left-out': 'Left out of protection',
} as const
const instant = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
const count = (number: number, one: string, many = `${one}s`) => `${number} ${number === 1 ? one : many}`

type Of<Kind extends SharedView['kind']> = Extract<SharedView, { kind: Kind }>

function vmState(state: Of<'vm'>['state']): string {
  if (state === 'shut off') return 'Off'
  if (state === 'pmsuspended') return 'Asleep'
  return state === 'blocked' ? 'Running' : state.charAt(0).toUpperCase() + state.slice(1)
}

function lastGood(view: Of<'backups'>): string {
  if (view.state === null || view.state === 'left-out') return ''
  return view.lastGood === null
    ? 'There is no good backup.'
    : `Last good backup ${instant(view.lastGood.atMs)}.`
}

/** A share in a title and a sentence, for the tab and for the chat that a link is pasted into. */
export function describeShared(view: SharedView): { title: string; description: string } {
  switch (view.kind) {
    case 'vm':
      return {
        title: `VM ${view.name}`,
        description:
          [
            vmState(view.state),
            view.chains && count(view.chains.length, 'disk'),
            view.snapshots && count(view.snapshots.length, 'snapshot'),
            view.jobs.length > 0 && count(view.jobs.length, 'job under way', 'jobs under way'),
          ]
            .filter(Boolean)
            .join(', ') + '. Read-only.',
      }
    case 'snapshot':
      return {
        title: `Snapshot ${view.node.name} of ${view.vmName}`,
        description: `Taken ${instant(view.node.createdAtMs)}. Read-only.`,
      }
    case 'job':
      return {
        title: [view.job.title, view.vmName].filter(Boolean).join(' · '),
        description: `${STATUS[view.job.status]}${view.job.percent !== null && view.job.endedAtMs === null ? `, ${view.job.percent} %` : ''}. Read-only.`,
      }
    case 'backups':
      return {
        title: `Backups of ${view.vmName}`,
        description: `${view.state === null ? 'Not known yet' : PROTECTION[view.state]}. ${lastGood(view)} Read-only.`,
      }
    case 'gone':
      return { title: GONE[view.of], description: 'What this link led to is no longer there.' }
    case 'away':
      return { title: 'Not reached just now', description: 'What this link leads to can’t be read just now.' }
  }
}

export const goneTitle = (kind: ShareKind): string => GONE[kind]
