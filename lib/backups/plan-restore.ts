import 'server-only'
import { requireHost } from '../hosts/find-vm.ts'
import { requireChain } from './catalogue.ts'
import { demandSentence } from './confine-domain.ts'
import { readOffer, readSaved } from './read-saved.ts'
import { demandsOf } from './restored-xml.ts'
import { requireTarget } from './targets.ts'

/** What a restore as a new VM does with the saved configuration. */
export interface RestorePlan {
  /** What reaches the host and is left out or made the new VM's own, a sentence each. */
  changes: string[]
}

/** Reads the configuration of a backup and says what of it a restored VM does not take over. Throws Refusal, where it was changed, too. */
export async function planRestore(targetId: string, backupId: string): Promise<RestorePlan> {
  const target = await requireTarget(targetId)
  const host = requireHost(target.host)
  const saved = await readSaved(host, target, (await requireChain(targetId, backupId)).at(-1)!)
  return { changes: demandsOf(saved.xml, await readOffer(host, saved.xml)).map(demandSentence) }
}
