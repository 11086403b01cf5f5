'use server' // every export here is a public POST endpoint, whatever page shows it

import { action } from '@/lib/access/action'
import { ofHost } from '@/lib/access/subjects'
import { RepairInput, startRepair } from '@/lib/repairs/start-repair'

export const repair = action('repair.start', RepairInput, ofHost, ({ user, input }) =>
  startRepair(input, user),
)
