/** What travels over /api/events. */
import type { BlockJobView } from '../hosts/types.ts'
import type { JobView } from '../jobs/types.ts'

export type LiveEvent =
  /** Something a list shows of this host changed (VM states, host up or down): read again. */
  | { type: 'host'; host: string }
  /** State, snapshots or chains of this VM changed: read again. */
  | { type: 'vm'; host: string; vmUuid: string }
  /** All block jobs of this VM now; an empty list when the last one ended. */
  | { type: 'block-jobs'; host: string; vmUuid: string; jobs: BlockJobView[] }
  /** A Keyframe job began, moved or ended. */
  | { type: 'job'; job: JobView }
  /** A step or a call of a Keyframe job began or ended: its page reads the story again. */
  | { type: 'job-story'; jobId: string }
  /** The role or the sessions of this user changed: each of their streams looks its session up anew. Never sent to a browser. */
  | { type: 'access'; userId: string }
  /** Users or their sessions changed: for who may see them. */
  | { type: 'users' }
  /** Something was recorded; host and VM where it was done to one. */
  | { type: 'audit'; host: string | null; vmUuid: string | null }
  /** A share link was made, revoked or opened. */
  | { type: 'share'; shareId: string }
  /** Backups, schedules or the protection of this VM changed; of the whole host and its targets where none is named: read again. */
  | { type: 'backups'; host: string; vmUuid: string | null }
  /** A channel of notifications was changed, or something was sent or could not be: read again. */
  | { type: 'notifications' }
  /** The session that this stream was opened with has ended. */
  | { type: 'signed-out' }
  /** The id the browser resumed from is unknown (server restarted, too old): reload what is shown. */
  | { type: 'reload' }
