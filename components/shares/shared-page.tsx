import { goneTitle } from '@/lib/shares/describe-shared'
import type { SharedView } from '@/lib/shares/types'
import { JobStory } from '@/components/jobs/job-story'
import { ShareFrame } from '@/components/shares/share-frame'
import { SharedBackupsPart } from '@/components/shares/shared-backups-part'
import { SharedJobHead } from '@/components/shares/shared-job-head'
import { SharedVmPart } from '@/components/shares/shared-vm-part'
import { Notice } from '@/components/ui/notice'
import { SnapshotFacts } from '@/components/vm/snapshot-facts'

/** A shared thing as its pages show it, without what acts and without a way further. */
export function SharedPage({ view, expiresAtMs }: { view: SharedView; expiresAtMs: number }) {
  return (
    <ShareFrame expiresAtMs={expiresAtMs} narrow={view.kind === 'gone' || view.kind === 'away'}>
      <Shared view={view} />
    </ShareFrame>
  )
}

function Shared({ view }: { view: SharedView }) {
  switch (view.kind) {
    case 'vm':
      return <SharedVmPart vm={view} />
    case 'backups':
      return <SharedBackupsPart view={view} />
    case 'snapshot':
      return (
        <div className="mx-auto flex w-full max-w-4xl flex-col gap-5">
          <header>
            <p className="text-[13px] break-names text-muted">Snapshot of {view.vmName}</p>
            <h1 className="text-xl font-semibold break-names">{view.node.name}</h1>
          </header>
          {view.node.unproven !== null && (
            <Notice tone="warn" role="status">
              {view.node.unproven}
            </Notice>
          )}
          <SnapshotFacts node={view.node} place={null} />
        </div>
      )
    case 'job':
      return (
        <div className="mx-auto flex w-full max-w-4xl flex-col gap-5">
          <SharedJobHead job={view.job} vmName={view.vmName} blockJobs={view.blockJobs} />
          <JobStory steps={view.steps} />
        </div>
      )
    case 'gone':
      return (
        <>
          <h1 className="text-xl font-semibold">{goneTitle(view.of)}</h1>
          <p className="text-muted">The link works, but what it led to is no longer there.</p>
        </>
      )
    case 'away':
      return (
        <>
          <h1 className="text-xl font-semibold">Not reached just now</h1>
          <p className="text-muted">
            What this link leads to can’t be read just now. Try again in a few minutes.
          </p>
        </>
      )
  }
}
