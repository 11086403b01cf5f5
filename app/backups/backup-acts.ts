import type { BackupActs } from '@/components/backups/backup-acts'
import { vmActs } from '../hosts/[host]/vms/[vm]/vm-acts'
import { addTarget, backUp, check, endRestore, removeBackups, removeTarget, restore, restoreInPlace } from './actions'

/** The actions as the components of the backup pages take them. */
export const backupActs: BackupActs = { backUp, check, restore, restoreInPlace, endRestore, removeBackups, addTarget, removeTarget, vm: vmActs }
