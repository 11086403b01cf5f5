import { PageLink } from '@/components/page-link'
import type { ReactNode } from 'react'
import type { SnapshotDisk, SnapshotNode } from '@/lib/snapshots/types'
import { snapshotPath } from '@/components/paths'
import type { VmPlace } from '@/components/vm/vm-place'
import { When } from '@/components/when'

const STATES: Record<string, string> = {
  'disk-snapshot': 'the disks only, while the VM ran',
  shutoff: 'while the VM was off',
  running: 'while the VM ran',
  paused: 'while the VM was paused',
}

/** What a snapshot is and what it froze; where there is no way to the ones before and after it, they are not named. */
export function SnapshotFacts({ node, place }: { node: SnapshotNode; place: VmPlace | null }) {
  const link = (name: string) =>
    place && (
      <PageLink
        key={name}
        href={snapshotPath(place.host, place.vm, name)}
        className="break-names text-accent underline underline-offset-2 max-sm:inline-block max-sm:py-2"
      >
        {name}
      </PageLink>
    )
  return (
    <>
      <dl className="grid gap-x-6 gap-y-1 rounded-lg border border-line bg-surface px-4 py-3 text-sm sm:grid-cols-[8rem_minmax(0,1fr)]">
        <Fact name="Taken">
          <When ms={node.createdAtMs} />, {STATES[node.state] ?? `in the state ${node.state}`}
          {node.isCurrent && <strong className="font-medium"> · current</strong>}
        </Fact>
        {node.description !== '' && (
          <Fact name="Description">
            <span className="break-names whitespace-pre-line">{node.description}</span>
          </Fact>
        )}
        <Fact name="Memory">{node.memory === 'no' ? 'not included' : `included (${node.memory})`}</Fact>
        {place && (
          <Fact name="Taken after">
            {node.parent === null ? 'nothing: it is the first' : link(node.parent)}
          </Fact>
        )}
        {place && (
          <Fact name="Taken later">
            {node.children.length === 0 ? (
              'none'
            ) : (
              <span className="flex flex-wrap gap-x-3">{node.children.map(link)}</span>
            )}
          </Fact>
        )}
      </dl>
      <section aria-labelledby="frozen-disks">
        <h2 id="frozen-disks" className="mb-2 font-semibold">
          What it froze
        </h2>
        <ul className="divide-y divide-line rounded-lg border border-line bg-surface text-sm">
          {node.disks.map((disk) => (
            <Disk key={disk.target} disk={disk} />
          ))}
        </ul>
      </section>
    </>
  )
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt className="text-muted max-sm:mt-1">{name}</dt>
    <dd className="min-w-0">{children}</dd>
  </>
)

const KINDS: Record<SnapshotDisk['kind'], string> = {
  external: 'frozen, with an overlay above it',
  internal: 'held inside the image itself',
  no: 'not part of it',
}

function Disk({ disk }: { disk: SnapshotDisk }) {
  return (
    <li className="px-4 py-2">
      <p>
        <span className="font-medium">{disk.target}</span>{' '}
        <span className="text-muted">{KINDS[disk.kind]}</span>
      </p>
      {disk.frozenPath !== null && (
        <p className="break-names text-[13px]">
          <span className="text-muted">Frozen </span>
          {disk.frozenPath}
        </p>
      )}
      {disk.overlayPath !== null && (
        <p className="break-names text-[13px]">
          <span className="text-muted">Overlay </span>
          {disk.overlayPath}
        </p>
      )}
    </li>
  )
}
