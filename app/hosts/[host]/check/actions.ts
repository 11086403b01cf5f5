'use server' // every export here is a public POST endpoint, whatever page shows it

import { action } from '@/lib/access/action'
import { RepairInput, startRepair } from '@/lib/repairs/start-repair'

export const repair = action('repair.start', RepairInput, ({ user, input }) => startRepair(input, user))
