import { LinkOrText } from '@/components/page-link'
import type { ReactNode } from 'react'
import type { SnapshotNode, SnapshotTree } from '@/lib/snapshots/types'
import { classNames } from '@/components/class-names'
import { ActButton } from '@/components/dialogs/vm-dialogs'
import { KeyframeMark } from '@/components/keyframe-mark'
import { snapshotPath } from '@/components/paths'
import { When } from '@/components/when'
import { snapshotIndents } from '@/components/vm/snapshot-rails'
import type { VmPlace } from '@/components/vm/vm-place'

const INDENT_REM = 1.25

/** The snapshots as a tree: a straight line, set in where the VM went on another way. */
export function SnapshotList({ tree, place }: { tree: Pick<SnapshotTree, 'nodes'>; place: VmPlace | null }) {
  const indents = snapshotIndents(tree.nodes)
  const shared = sharedRefusals(tree.nodes)
  return (
    <>
      {[...shared].map((sentence) => (
        <p key={sentence} className="text-[13px] break-names text-muted">
          {sentence}
        </p>
      ))}
      <ul aria-label="Snapshots" className="divide-y divide-line rounded-lg border border-line bg-surface">
        {tree.nodes.map((node) => (
          <SnapshotItem
            key={node.name}
            node={node}
            indent={indents.get(node.name) ?? 0}
            told={shared}
            place={place}
          />
        ))}
      </ul>
    </>
  )
}

/** Sentences that would stand at more than one snapshot (a job runs, say): told once, above them. */
function sharedRefusals(nodes: readonly SnapshotNode[]): Set<string> {
  const seen = new Set<string>()
  const shared = new Set<string>()
  for (const node of nodes) {
    const own = new Set(
      [node.unproven, node.revertRefusal, node.deleteRefusal].filter((sentence) => sentence !== null),
    )
    for (const sentence of own) (seen.has(sentence) ? shared : seen).add(sentence)
  }
  return shared
}

function SnapshotItem({
  node,
  indent,
  told,
  place,
}: {
  node: SnapshotNode
  indent: number
  told: Set<string>
  place: VmPlace | null
}) {
  return (
    <li className="px-3 py-2 sm:px-4" style={{ paddingLeft: `calc(0.75rem + ${indent * INDENT_REM}rem)` }}>
      <div className="flex flex-wrap items-start gap-x-3 gap-y-1.5">
        <KeyframeMark
          hollow={!node.isCurrent}
          className={classNames('mt-1 size-3.5 shrink-0', node.isCurrent && 'text-accent')}
        />
        <div className="min-w-0 flex-1 basis-40">
          <div className="flex flex-wrap items-baseline gap-x-2">
            <LinkOrText
              href={place && snapshotPath(place.host, place.vm, node.name)}
              className="font-medium break-names"
              linkClassName="hover:underline max-sm:py-1"
            >
              {node.name}
            </LinkOrText>
            {node.isCurrent && <Mark className="border-accent/60 text-accent">current</Mark>}
            {node.unproven !== null && <Mark className="border-warn/60 text-warn">unproven</Mark>}
            {node.deleteInProgress && <Mark className="border-danger/60 text-danger">delete unfinished</Mark>}
          </div>
          <p className="text-[13px] text-muted">
            <When ms={node.createdAtMs} /> ·{' '}
            {node.disks
              .filter((disk) => disk.kind !== 'no')
              .map((disk) => disk.target)
              .join(', ') || 'no disk'}
            {node.memory !== 'no' && ' and memory'}
          </p>
          {node.description !== '' && (
            <p className="text-[13px] break-names whitespace-pre-line">{node.description}</p>
          )}
        </div>
        {place && <SnapshotActs node={node} />}
      </div>
      <SnapshotRefusals node={node} told={told} />
    </li>
  )
}

const Mark = ({ className, children }: { className: string; children: ReactNode }) => (
  <span className={classNames('rounded border px-1 text-[11px] leading-4 font-medium', className)}>
    {children}
  </span>
)

/** A snapshot's two acts. */
export function SnapshotActs({ node, size = 'small' }: { node: SnapshotNode; size?: 'small' | 'medium' }) {
  return (
    <div className="flex gap-2">
      <ActButton
        dialog={{ act: 'revert', snapshot: node.name }}
        variant="outline"
        size={size}
        disabled={node.revertRefusal !== null}
        title={node.revertRefusal ?? undefined}
      />
      <ActButton
        dialog={{ act: 'delete', snapshot: node.name, childCount: node.children.length }}
        variant="danger"
        size={size}
        disabled={node.deleteRefusal !== null}
        title={node.deleteRefusal ?? undefined}
      />
    </div>
  )
}

/** Why the acts can't be done now, and what is known against the snapshot. */
export function SnapshotRefusals({
  node,
  told = new Set(),
}: {
  node: SnapshotNode
  told?: ReadonlySet<string>
}) {
  const untold = (sentence: string | null) => (sentence !== null && !told.has(sentence) ? sentence : null)
  const [unproven, revert, remove] = [
    untold(node.unproven),
    untold(node.revertRefusal),
    untold(node.deleteRefusal),
  ]
  const both = revert !== null && revert === remove
  const lines = [
    unproven !== revert ? unproven : null,
    node.deleteInProgress ? 'Its delete was broken off. Repeat it: that heals what it left half done.' : null,
    revert === null ? null : `${both ? 'Revert and Delete' : 'Revert'}: ${revert}`,
    remove === null || both ? null : `Delete: ${remove}`,
  ].filter((line) => line !== null)
  return lines.map((line) => (
    <p key={line} className="mt-1 text-[13px] break-names text-muted">
      {line}
    </p>
  ))
}
