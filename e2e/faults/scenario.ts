import type { JobAct } from '../../lib/jobs/types.ts'
import type { BeginAct } from './subject-protocol.ts'
import type { Fault } from './faults.ts'
import type { FaultGuest } from './fault-guest.ts'

/** Files of each disk's chain, base first, without their folders. `*` stands for a name that libvirt chooses. */
export type Chains = { vda: string[]; vdb: string[] }

/** One way in which a scenario may end. */
export type Outcome = {
  name: string
  /** `stopped`: anything but success; the job's sentence says why. */
  job: 'succeeded' | 'stopped'
  chains: Chains
  /** Names that libvirt lists, oldest first. */
  snapshots: string[]
  /** Records on the disks: all that the guest ever wrote, or what this snapshot froze, or the oldest backup holds, and what was written after it. */
  data: 'all' | { snapshot: string } | 'backup'
  /** Legal only after such a fault. */
  after?: Fault['mayStop']
  /** Legal only where the job stopped for a decision, and this way out was chosen once the fault was over. */
  chosen?: JobAct
  /** Files that nothing of the VM uses: they were there before, or are kept, or are another VM's. */
  unused?: string[]
  /** Of a saga of backups: how many there are then. */
  backups?: number
  /** Of a restore: the new VM is there. */
  restored?: boolean
}

/** One saga on one guest, with all that it may come to. */
export type Scenario = {
  name: string
  /** What the guest is like before; done once, then every case starts from the saved result. */
  prepare(guest: FaultGuest): Promise<void>
  /** What each case does through Keyframe before it begins, each act to its end. */
  before?(guest: FaultGuest, act: (act: BeginAct) => Promise<void>): Promise<void>
  begin: BeginAct
  /** Of a saga of backups: the one that is made after all, which nobody prepares anything for. */
  next?: BeginAct
  /** The guest is off all the time; a person starts it afterwards. */
  off?: boolean
  /** Names of the faults that mean something to it; all, unless told. */
  faults?: readonly string[]
  outcomes: Outcome[]
}
