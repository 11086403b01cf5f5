import type { Generated } from 'kysely'

/** The database: only what libvirt cannot know. Instants are epoch ms, booleans 0 or 1. */
export interface Schema {
  users: {
    id: string
    name: string
    /** argon2id, PHC string. */
    password_hash: string
    disabled: number
    created_at_ms: number
  }
  sessions: {
    id: string
    user_id: string
    created_at_ms: number
    seen_at_ms: number
    expires_at_ms: number
    /** As the browser names itself; for the user's own list. */
    agent: string
  }
  /** Failed sign-ins, per user name and over all. */
  login_failures: {
    id: Generated<number>
    name: string
    at_ms: number
  }
  setup_tokens: {
    /** SHA-256 of the token, hex. */
    hash: string
    expires_at_ms: number
  }
  audit: {
    id: Generated<number>
    at_ms: number
    user_name: string
    act: string
    /** JSON of what was asked, secrets left out. */
    asked: string
    outcome: string | null
  }
  jobs: {
    id: string
    kind: string
    host: string
    vm_uuid: string
    vm_name: string
    title: string
    status: string
    by: string
    nonce: string
    /** JSON. */
    input: string
    created_at_ms: number
    ended_at_ms: number | null
    percent: number | null
    note: string | null
    /** JSON list of lines. */
    result: string | null
    error: string | null
    can_cancel: number
    cancel_requested: number
  }
  /** Layers whose content is no longer what their snapshots froze: a merge into them was begun and not finished. */
  tainted_layers: {
    host: string
    path: string
    vm_uuid: string
    reason: string
    since_ms: number
    /** The Keyframe job that began it, or foreign:… for one that was only observed. */
    job_id: string
  }
}
