import type { SharedVm } from '@/lib/shares/types'
import { SharedJobsNow } from '@/components/shares/shared-jobs-now'
import { Notice } from '@/components/ui/notice'
import { VmStateMark } from '@/components/vm-state'
import { ChainPicture } from '@/components/vm/chain-picture'
import { SnapshotList } from '@/components/vm/snapshot-list'

const NOT_READ = 'This can’t be read just now.'

/** A shared VM: how it stands, its chains, its snapshots, its running jobs. */
export function SharedVmPart({ vm }: { vm: SharedVm }) {
  return (
    <>
      <header className="flex flex-col gap-3">
        <div className="flex flex-wrap items-baseline gap-x-3">
          <h1 className="min-w-0 text-xl font-semibold break-names">{vm.name}</h1>
          <VmStateMark state={vm.state} reason={vm.stateReason} className="text-sm" />
        </div>
        {!vm.isHostUp && (
          <Notice tone="danger" role="status">
            Its host does not answer. What is shown is what was last known.
          </Notice>
        )}
        {vm.attention.map((sentence) => (
          <Notice key={sentence} tone="warn" role="status">
            {sentence}
          </Notice>
        ))}
      </header>
      <SharedJobsNow jobs={vm.jobs} blockJobs={vm.blockJobs} />
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,3fr)_minmax(22rem,2fr)]">
        <section aria-labelledby="disks" className="flex min-w-0 flex-col gap-2">
          <h2 id="disks" className="font-semibold">
            Disks
          </h2>
          {vm.chains === null ? (
            <Notice tone="warn" role="status">
              {NOT_READ}
            </Notice>
          ) : (
            vm.chains.map((chain) => <ChainPicture key={chain.target} chain={chain} place={null} />)
          )}
          {vm.chains?.length === 0 && <p className="text-sm text-muted">This VM has no disks.</p>}
        </section>
        <section aria-labelledby="snapshots" className="flex min-w-0 flex-col gap-2">
          <h2 id="snapshots" className="font-semibold">
            Snapshots
          </h2>
          {vm.snapshots === null && (
            <Notice tone="warn" role="status">
              {NOT_READ}
            </Notice>
          )}
          {vm.snapshots && vm.snapshots.length > 0 && (
            <SnapshotList tree={{ nodes: vm.snapshots }} place={null} />
          )}
          {vm.snapshots?.length === 0 && (
            <p className="rounded-lg border border-dashed border-line-strong/60 px-4 py-3 text-sm text-muted">
              None.
            </p>
          )}
        </section>
      </div>
    </>
  )
}
