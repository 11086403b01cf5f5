import type { RepairActs } from '@/components/check/repair-acts'
import { vmActs } from '../vms/[vm]/vm-acts'
import { repair } from './actions'

/** The actions as the components of the check pages take them. */
export const repairActs: RepairActs = { repair, vm: vmActs }
