import type { Generated } from 'kysely'

/** The database: only what libvirt cannot know. Instants are epoch ms, booleans 0 or 1. */
export interface Schema {
  users: {
    id: string
    name: string
    /** argon2id, PHC string; empty while an invited user has chosen none. */
    password_hash: string
    disabled: number
    created_at_ms: number
    /** "viewer", "operator" or "admin" (lib/access/permissions.ts). */
    role: string
    /** Of the last request, to the minute; null before the first. */
    seen_at_ms: number | null
  }
  sessions: {
    /** SHA-256 of the key in the browser's cookie, hex: who reads the database can't use it. */
    id: string
    user_id: string
    created_at_ms: number
    seen_at_ms: number
    expires_at_ms: number
    /** As the browser names itself; for the user's own list. */
    agent: string
    /** Where it was begun from; null when that is not known. */
    address: string | null
  }
  /** "failures-forgotten": when a command last said that the process that runs is to forget all failed sign-ins. */
  access_marks: {
    name: string
    at_ms: number
  }
  setup_tokens: {
    /** SHA-256 of the token, hex. */
    hash: string
    expires_at_ms: number
    /** Whose password it lets choose; null: the first admin's, who is made by it. */
    user_id: string | null
  }
  /** Who asked for what, written before it is done. Append-only: triggers refuse a change. */
  audit: {
    id: Generated<number>
    at_ms: number
    /** As it was then; in parentheses who is no user, such as "(server)". */
    user_name: string
    act: string
    /** JSON of what was asked, secrets left out. */
    asked: string
    user_id: string | null
    /** Where the request came from; null when that is not known. */
    address: string | null
    host: string | null
    vm_uuid: string | null
    /** As it was called then. */
    vm_name: string | null
    snapshot: string | null
    /** The job that it was done to; the one that it began stands with the result. */
    job_id: string | null
    /** Name of the user that it was done to. */
    subject_user: string | null
  }
  /** What became of it. Append-only. */
  audit_results: {
    audit_id: number
    at_ms: number
    /** "ok", "refused" or "failed". */
    result: string
    /** Why not. */
    sentence: string | null
    /** The job that it began, or ended. */
    job_id: string | null
  }
  /** Each end of each job, written by a trigger on jobs. Append-only. */
  audit_job_ends: {
    id: Generated<number>
    job_id: string
    at_ms: number
    status: string
    sentence: string | null
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
    /** Of the saga that this job was begun by, or taken over by. */
    version: string
    /** Counts the engine's runs: a retry, a resume and an undo are runs of the same job. */
    run: number
    /** "do" or "undo". */
    mode: string
    /** JSON list of what no other job may touch meanwhile: files of the VM's chains. */
    locks: string
    /** When it left the queue; null while it waits there. */
    begun_at_ms: number | null
    /** JSON list of the ways out that a person can choose now. */
    offers: string
    /** What a person asked of the running job, e.g. "pause"; null when it was done or nothing was asked. */
    request: string | null
    /** Bytes it copied, for the next plan's forecast; null when it copies none. */
    copied_bytes: number | null
    /** JSON object of what a saga keeps through all runs of the job. */
    kept: string
  }
  /** What a job did, step by step. Written before the step acts. */
  job_steps: {
    id: Generated<number>
    job_id: string
    run: number
    mode: string
    name: string
    /** "running", "done", "found" (it was done already), "failed". */
    status: string
    begun_at_ms: number
    ended_at_ms: number | null
    /** What came back, in words (lib/jobs/describe-outcome.ts), or the error's message. */
    outcome: string | null
  }
  /** Calls to libvirt that a step made. Written before each call. */
  job_calls: {
    id: Generated<number>
    step_id: number
    procedure: string
    /** The same as a command line. */
    virsh: string
    xml: string | null
    begun_at_ms: number
    ended_at_ms: number | null
    outcome: string | null
  }
  /** Guests that Keyframe is freezing, or gave up freezing: each is thawed before its record goes. */
  freezes: {
    host: string
    vm_uuid: string
    begun_at_ms: number
    deadline_ms: number
  }
  /** Layers whose content is sound since a known instant: as frozen, or after a merge that was finished. */
  sound_layers: {
    host: string
    path: string
    /** Modification time then. */
    modified_ms: number
    as_of_ms: number
    reason: string
  }
  /** Files that a VM's disk was seen to write to, each once. */
  active_layers: {
    host: string
    vm_uuid: string
    path: string
    seen_at_ms: number
  }
  /** Files that a VM was seen to have below the one that its disk opens, each once (lib/storage). */
  backing_files: {
    host: string
    path: string
    vm_uuid: string
    seen_at_ms: number
  }
  /** Layers whose content is no longer what their snapshots froze: a merge into them was begun and not finished. */
  tainted_layers: {
    host: string
    path: string
    vm_uuid: string
    reason: string
    since_ms: number
    /** The uppermost layer of the merge that was begun; null where it is not known. */
    top_path: string | null
    /** The Keyframe job that began it, or foreign:… for one that was only observed. */
    job_id: string
  }
  /** VMs that are left out of protection (lib/schedules). */
  left_out_vms: {
    host: string
    vm_uuid: string
    /** As it was called then. */
    vm_name: string
    /** In the words of who left it out; empty when none were given. */
    reason: string
    by: string
    at_ms: number
  }
  /** Directories of hypervisors that backups go to. */
  backup_targets: {
    id: string
    host: string
    name: string
    /** Absolute, without a slash at its end. */
    path: string
    /** All backups there together; null = no limit but the file system's. */
    quota_bytes: number | null
    created_at_ms: number
  }
  /** The catalogue: what stands in the targets' directories, made anew from them at any time but for the verdicts. */
  backups: {
    target_id: string
    /** Name of its directory. */
    id: string
    host: string
    vm_uuid: string
    vm_name: string
    /** "checkpoint" or "copy". */
    method: string
    /** "full" or "increment". */
    kind: string
    /** Of an increment: the backup below it. */
    parent_id: string | null
    created_at_ms: number
    took_ms: number
    /** Of its files. */
    bytes: number
    /** The text of its manifest.json. */
    manifest: string
    /** "unchecked", "good" or "damaged". */
    check_status: string
    checked_at_ms: number | null
    check_note: string | null
    /** Id of the key that its manifest is signed with in the target; null: not signed yet (lib/backups/catalogue/sign-backups.ts). */
    signed_with: string | null
  }
  /** Backups that stand in a target and that this Keyframe did not write, or that were changed: nothing is done with them until an admin adopts them. */
  foreign_backups: {
    target_id: string
    /** Name of its directory. */
    id: string
    /** As its manifest says. */
    vm_uuid: string
    /** The text of its manifest.json. */
    manifest: string
    /** JSON list of what its configuration asks of the host (lib/backups/restore/confine-domain.ts); null: its configuration can't be read. */
    asks: string | null
    found_at_ms: number
  }
  /** Checkpoints that Keyframe made, or is about to make; others are never touched. */
  backup_checkpoints: {
    host: string
    vm_uuid: string
    name: string
  }
  /** Links by which people without an account read one thing (lib/shares). */
  shares: {
    id: string
    /** SHA-256 of the token, hex. */
    token_hash: string
    /** "vm", "snapshot" or "job". */
    kind: string
    host: string
    /** Of the VM that it is of, or whose snapshot or job it is of; empty for a job on files of no VM. */
    vm_uuid: string
    snapshot: string | null
    /** libvirt gives a snapshot no UUID: name and creation time together tell it from a later one of the same name. */
    snapshot_created_at_ms: number | null
    job_id: string | null
    /** What was shared, as it was called then. */
    label: string
    /** 0: names of files and folders are left out. */
    show_paths: number
    /** argon2id, PHC string; null: the link is enough. */
    password_hash: string | null
    /** Name of the user who made it. */
    created_by: string
    /** Whose rights it rests on: it is revoked when they may share no more. null where no user of that name was left. */
    created_by_id: string | null
    created_at_ms: number
    expires_at_ms: number
    revoked_at_ms: number | null
    opened_count: number
    last_opened_at_ms: number | null
  }
  /** When backups are made, where to, and which are kept. */
  schedules: {
    id: string
    host: string
    /** null = every VM of the host that has none of its own. */
    vm_uuid: string | null
    vm_name: string | null
    target_id: string
    /** "incremental" or "copy". */
    method: string
    quiesce: string
    /** Bytes per second; 0 = no limit. */
    bandwidth: number
    full_every_days: number
    /** JSON of When (lib/schedules/types.ts). */
    when: string
    time_zone: string
    jitter_minutes: number
    /** JSON of Retention. */
    retention: string
    recheck_days: number
    enabled: number
    created_at_ms: number
    /** Name of the user. */
    created_by: string
    /** Runs that were due until then are written down in schedule_runs. */
    handled_until_ms: number
  }
  /** What became of each run, one row a VM. Written before its backup is started. */
  schedule_runs: {
    /** Of the schedule, the instant and the VM: the nonce of its job, too. */
    id: string
    schedule_id: string
    host: string
    vm_uuid: string
    vm_name: string
    due_at_ms: number
    started_at_ms: number | null
    job_id: string | null
    /** "waiting", "started", "done", "failed", "skipped" or "missed". */
    outcome: string
    note: string | null
    /** 1 when what the retention drops after it was given to a job. */
    tidied: Generated<number>
  }
  /** When each target was last looked at, and what was wrong then. */
  backup_target_looks: {
    target_id: string
    at_ms: number
    /** A sentence; null when it was there. */
    problem: string | null
  }
  /** The protection of each VM as it was last told: a change is what differs from this. */
  protection_states: {
    host: string
    vm_uuid: string
    vm_name: string
    state: string
    /** Kind of the first reason; null when there is none. */
    reason: string | null
    sentence: string
    since_ms: number
  }
  /** Where word is sent to (lib/notifications). */
  notification_channels: {
    id: string
    /** "json", "ntfy", "slack", "matrix" or "email". */
    kind: string
    name: string
    /** JSON of what pages may show. */
    settings: string
    /** JSON of what no page is ever sent: the webhook's address and token, the password of the mail server. Encrypted (lib/secrets/stored-secret.ts). */
    secrets: string
    hears_protection: number
    hears_jobs: number
    /** Time of day like "08:00"; null = no digest. */
    digest_at: string | null
    time_zone: string
    /** Digests that were due until then are in the outbox. */
    digest_handled_until_ms: number
    created_at_ms: number
    /** Name of the user. */
    created_by: string
    last_sent_at_ms: number | null
    /** null: the last attempt went well, or there was none. */
    failing_since_ms: number | null
    /** Of the last attempt, a sentence. */
    error: string | null
  }
  /** One row on the secrets that are stored in other tables (lib/store/secret-columns.ts). */
  secret_state: {
    id: number
    /** Id of the key that the last `npm run rotate` wrote them with; null before the first. */
    key_id: string | null
    /** 1: what was replaced may still lie in free pages of the file; the next start writes the file without them. */
    clear_free_pages: number
  }
  /** What is to be sent, or was; written before it is sent. */
  notification_outbox: {
    /** The same in each attempt, for receivers that drop what they had already. */
    id: string
    channel_id: string
    /** What it tells of: once a channel. */
    event_key: string
    /** JSON of Message (lib/notifications/types.ts). */
    message: string
    created_at_ms: number
    attempts: number
    /** null: it was sent or given up. */
    next_attempt_at_ms: number | null
    last_error: string | null
    sent_at_ms: number | null
    given_up_at_ms: number | null
  }
  /** What was told last of each VM ("vm:host/uuid") and of each job that waits ("job:id:run"), or found when Keyframe first saw it. */
  notification_told: {
    subject: string
    state: string
    reason: string | null
  }
  /** "job-ends": id of the last row of audit_job_ends that was looked at. */
  notification_progress: {
    name: string
    value: number
  }
}
