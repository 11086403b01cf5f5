import type { BackupActs } from '@/components/backups/backup-acts'
import { vmActs } from '../hosts/[host]/vms/[vm]/vm-acts'
import {
  addTarget,
  adoptBackups,
  backUp,
  backUpAsScheduled,
  check,
  endRestore,
  leaveOut,
  protectAgain,
  rescanTarget,
  removeBackups,
  removeSchedule,
  removeTarget,
  restore,
  restoreInPlace,
  saveSchedule,
} from './actions'

/** The actions as the components of the backup pages take them. */
export const backupActs: BackupActs = {
  backUp,
  backUpAsScheduled,
  check,
  restore,
  restoreInPlace,
  endRestore,
  removeBackups,
  addTarget,
  removeTarget,
  rescanTarget,
  adoptBackups,
  saveSchedule,
  removeSchedule,
  leaveOut,
  protectAgain,
  vm: vmActs,
}
