import type * as vm from '@/app/hosts/[host]/vms/[vm]/actions'
import type * as job from '@/app/jobs/[id]/actions'

/** The server actions of a VM's pages, handed down by the page: components import no more than their types. */
export type VmActs = typeof vm & Pick<typeof job, 'chooseWayOut'>
