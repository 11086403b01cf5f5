import type { JobCall, JobKind } from '../jobs/types.ts'
import type { JobSubject } from './job-subject.ts'
import { isTarget } from './job-subject.ts'

// With paths allowed, command lines and XML go out where every part of them is known to be the VM's own. What is not
// known is left out whole: a line with a hole in it would be copied into a shell.

/** Their files lie in a backup's target. */
const IN_TARGETS: ReadonlySet<JobKind> = new Set<JobKind>([
  'backup',
  'backup-copy',
  'backup-check',
  'backup-remove',
  'restore',
  'restore-in-place',
  'restore-end',
])
const COMMANDS: ReadonlySet<string> = new Set([
  'blockcommit',
  'blockjob',
  'blockpull',
  'destroy',
  'domfsfreeze',
  'domfsthaw',
  'dompmwakeup',
  'resume',
  'shutdown',
  'snapshot-create',
  'snapshot-delete',
  'snapshot-revert',
  'start',
  'suspend',
  'vol-delete',
  'vol-upload',
])
/** Options whose word is a file of the host, and those whose word only Keyframe chooses. */
const PATH_OPTIONS: ReadonlySet<string> = new Set(['--base', '--top', '--vol'])
const FREE_OPTIONS: ReadonlySet<string> = new Set(['--xmlfile', '--file'])
const FILES_OF_OURS: ReadonlySet<string> = new Set(['snapshot.xml', 'header'])

/** The words of a POSIX command line as `virshCommand` writes it; null for another. */
function wordsOf(line: string): string[] | null {
  const words: string[] = []
  const pattern = /((?:[^\s'"\\]|'[^']*'|\\')+)(?:\s+|$)/y
  while (pattern.lastIndex < line.length) {
    const found = pattern.exec(line)?.[1]
    if (found === undefined) return null
    words.push(
      found.replaceAll(/'([^']*)'|\\'/g, (escape, inner: string | undefined) => inner ?? escape.slice(1)),
    )
  }
  return words
}

/** The command line without the host's URI, or "" where one of its words may not go out. */
function shownLine(line: string, names: readonly string[], subject: JobSubject): string {
  const words = wordsOf(line)
  if (words === null || words[0] !== 'virsh' || words[1] !== '-c' || !COMMANDS.has(words[3] ?? '')) return ''
  const isOwn = (word: string, before: string) => {
    if (/^--[a-z-]+$/.test(word) || /^\d+$/.test(word)) return true
    if (before === '--domain') return names.includes(word)
    if (before === '--snapshotname') return subject.snapshots.includes(word)
    if (before === '--path') return isTarget(word)
    if (PATH_OPTIONS.has(before)) return word.startsWith('/') && !word.includes('://')
    return FREE_OPTIONS.has(before) && FILES_OF_OURS.has(word)
  }
  if (!words.slice(4).every((word, index) => isOwn(word, words[index + 3] ?? ''))) return ''
  return line.replace(/^virsh -c (?:(?:[^\s'"\\]|'[^']*'|\\')+) /, 'virsh ')
}

/** What XML of a new snapshot consists of: no other has a name, a file or a size alone. */
const SNAPSHOT_TAGS: ReadonlySet<string> = new Set([
  'domainsnapshot',
  'name',
  'memory',
  'disks',
  'disk',
  'driver',
  'source',
])
const ATTRIBUTES: ReadonlySet<string> = new Set(['name', 'snapshot', 'type', 'file'])

/** XML of a snapshot of this VM, without its description; null for every other. A whole `<domain>` holds users, passwords and hosts. */
function shownXml(xml: string, subject: JobSubject): string | null {
  const text = xml.replaceAll(/\s*<description>[^<]*<\/description>/g, '')
  const name = /<name>([^<]*)<\/name>/.exec(text)?.[1]
  const tags = [...text.matchAll(/<\/?([a-z]+)([^>]*)>/g)]
  const isPlain =
    text
      .replaceAll(/<\/?[a-z]+[^>]*>/g, '')
      .replace(name ?? '', '')
      .trim() === '' &&
    tags.every(([, tag, rest = '']) => {
      const attributes = [...rest.matchAll(/([a-z]+)=(?:'([^']*)'|"([^"]*)")/g)]
      return (
        SNAPSHOT_TAGS.has(tag!) &&
        attributes.every(
          ([, key, one, two]) =>
            ATTRIBUTES.has(key!) &&
            (key === 'file'
              ? (one ?? two ?? '').startsWith('/')
              : tag !== 'disk' || key !== 'name' || isTarget(one ?? two)),
        )
      )
    })
  return isPlain && tags.length > 0 && name !== undefined && subject.snapshots.includes(name) ? text : null
}

/** The names of libvirt's calls; a record could hold another word. */
const PROCEDURE = /^vir[A-Z][A-Za-z]{2,60}$/

/** A call of a job, as a share shows it. `withPaths`: paths are allowed. libvirt's own words never go out: an error becomes "failed". */
export function shownCall(
  call: JobCall,
  job: { kind: JobKind; vmName: string; vmUuid: string },
  subject: JobSubject,
  withPaths: boolean,
): JobCall {
  const shows = withPaths && !IN_TARGETS.has(job.kind)
  return {
    procedure: PROCEDURE.test(call.procedure) ? call.procedure : 'a call',
    virsh: shows ? shownLine(call.virsh, [job.vmName, job.vmUuid], subject) : '',
    xml: shows && call.xml !== null ? shownXml(call.xml, subject) : null,
    begunAtMs: call.begunAtMs,
    endedAtMs: call.endedAtMs,
    outcome: call.outcome === null || call.outcome === 'ok' ? call.outcome : 'failed',
  }
}
