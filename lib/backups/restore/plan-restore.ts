import 'server-only'
import { requireHost } from '../../hosts/find-vm.ts'
import { requireChain } from '../catalogue/catalogue.ts'
import { demandSentence } from './confine-domain.ts'
import { readOffer, readSaved } from './read-saved.ts'
import { demandsOf } from './restored-xml.ts'
import { requireTarget } from '../targets/targets.ts'

/** What a restore as a new VM does with the saved configuration. */
export interface RestorePlan {
  /** What reaches the host and is left out or made the new VM's own, a sentence each. */
  changes: string[]
  /** It boots from a kernel file of the host, which the restored VM does not get. */
  losesKernel: boolean
}

/** Reads the configuration of a backup and says what of it a restored VM does not take over. Throws Refusal, where it was changed, too. */
export async function planRestore(targetId: string, backupId: string): Promise<RestorePlan> {
  const target = await requireTarget(targetId)
  const host = requireHost(target.host)
  const saved = await readSaved(host, target, (await requireChain(targetId, backupId)).at(-1)!)
  const demands = demandsOf(saved.xml, await readOffer(host, saved.xml))
  return {
    changes: demands.map(demandSentence),
    losesKernel: demands.some(({ what }) => what.startsWith('the kernel (')),
  }
}
