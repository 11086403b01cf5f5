import type { BeginAct } from './subject-protocol.ts'
import type { Fault } from './faults.ts'
import type { FaultGuest } from './fault-guest.ts'

/** Files of each disk's chain, base first, without their folders. `*` stands for a name that libvirt chooses. */
export type Chains = { vda: string[], vdb: string[] }

/** One way in which a scenario may end. */
export type Outcome = {
  name: string
  /** `stopped`: anything but success; the job's sentence says why. */
  job: 'succeeded' | 'stopped'
  chains: Chains
  /** Names that libvirt lists, oldest first. */
  snapshots: string[]
  /** Records on the disks: all that the guest ever wrote, or what this snapshot froze and what was written after it. */
  data: 'all' | { snapshot: string }
  /** Legal only after such a fault. */
  after?: Fault['mayStop']
  /** Files that nothing uses and that were there before. */
  unused?: string[]
}

/** One saga on one guest, with all that it may come to. */
export type Scenario = {
  name: string
  /** What the guest is like before; done once, then every case starts from the saved result. */
  prepare(guest: FaultGuest): Promise<void>
  begin: BeginAct
  outcomes: Outcome[]
}
