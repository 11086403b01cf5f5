/** Who needs which file, on every host of this Keyframe. Plain data. */

/**
 * How something needs a file. A disk has it in its chain now; 'next start': the persistent definition will open it;
 * 'snapshot': reverting to it reads it; 'memory': of a snapshot or a saved state; 'configuration': named by the definition of
 * now, of the next start or of a snapshot for something that is no disk, such as a CD image or a kernel.
 */
export type UseKind = 'disk' | 'next start' | 'snapshot' | 'memory' | 'configuration'

/** One need of one VM. */
export interface Use {
  host: string
  vmUuid: string
  vmName: string
  running: boolean
  kind: UseKind
  /** The disk, where it is one. */
  target: string | null
  /** At the next start: the disk will open another file than it has now, which somebody has chosen by hand. */
  isOther: boolean
  /** The snapshot, where one needs it. */
  snapshot: string | null
  /** Set where a disk of a VM has it below the file that it opens. */
  isBacking?: boolean
}

/** What tells two files apart as far as libvirt can (lib/hosts/LIBVIRT.md, “Files”). */
export interface FileMark {
  modifiedNs: bigint
  lengthBytes: number
  /** What a guest's writes don't change: whether it is qcow2, and then the size it shows and the name of the file below. */
  header: string
}

/** What was seen of a file under some name; null: there is none. */
export type SeenMark = FileMark | 'unread' | null

/** A file as one host names it, with what needs it there. */
export interface UsedFile {
  path: string
  /** null: it was not looked at, or is not there. */
  mark: FileMark | null
  uses: Use[]
  /** Of another host: what the asking one sees under that name in folders of its own that are the same storage, by its own path. */
  seen?: Record<string, SeenMark>
}

/** What one host said. */
export interface HostUses {
  host: string
  files: UsedFile[]
  /** What could not be read, a sentence each: while there is one, no file of the host can be called unused. */
  gaps: string[]
  /**
   * What lies below a file that is not there, a sentence each: nobody knows it, and the VM can't be started. It speaks for templates,
   * which such a VM may have stood on; a VM's own files are not held up by what another one has lost.
   */
  doubts?: string[]
  /** Set where it does not answer, but was heard before: what its VMs used then is among `files`. */
  unheard?: string
  /** It is up and did not answer in time. */
  isLate?: boolean
}

/** A file in question, as its own host showed it before and after all uses were read. */
export interface AskedFile {
  host: string
  path: string
  before: FileMark | null
  after: FileMark | null
}

/** Whether two folders of different hosts are one. undefined: nobody could answer. */
export type SameFolder = (
  one: { host: string; folder: string },
  two: { host: string; folder: string },
) => boolean | undefined
