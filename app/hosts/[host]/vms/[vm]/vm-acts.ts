import type { VmActs } from '@/components/vm/vm-acts'
import { chooseWayOut } from '../../../../jobs/[id]/actions'
import {
  cancelBlockJob,
  cancelJob,
  merge,
  pivotBlockJob,
  power,
  remove,
  revert,
  setBandwidth,
  takeSnapshot,
} from './actions'

/** The actions as the components of a VM's pages take them. */
export const vmActs: VmActs = {
  takeSnapshot,
  merge,
  revert,
  remove,
  power,
  chooseWayOut,
  cancelJob,
  setBandwidth,
  cancelBlockJob,
  pivotBlockJob,
}
