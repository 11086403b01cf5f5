import 'server-only'
import { requireHost } from '../hosts/find-vm.ts'
import { Refusal } from '../jobs/refusal.ts'
import { lookAtHost } from './check-host.ts'
import type { RepairPlan } from './found.ts'
import type { Finding, RepairOffer } from './types.ts'

interface Previewed {
  host: string
  repair: string
  fingerprint: string
}

/** The finding of this repair as it is now. Throws Refusal when it is gone or is not what was previewed. */
export async function sameAsPreviewed({
  host,
  repair,
  fingerprint,
}: Previewed): Promise<{ finding: Finding; repair: RepairOffer; plan: RepairPlan }> {
  const { found } = await lookAtHost(requireHost(host), () => false)
  const now = found.find(({ finding }) => finding.id === repair)
  if (!now)
    throw new Refusal(
      'There is nothing to repair there any more: it was mended or changed meanwhile. Nothing was done; check again.',
    )
  if (!now.finding.repair || !now.plan)
    throw new Refusal(
      `This can’t be repaired now, and nothing was done. ${now.finding.advice ?? 'Check again.'}`,
    )
  if (now.finding.repair.fingerprint !== fingerprint)
    throw new Refusal(
      'What the repair rests on has changed since it was shown, so nothing was done. Check again and look at the new preview.',
    )
  return { finding: now.finding, repair: now.finding.repair, plan: now.plan }
}
