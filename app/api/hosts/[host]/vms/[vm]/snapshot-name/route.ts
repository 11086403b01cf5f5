import { route } from '@/lib/access/route'
import { readSnapshotTree } from '@/lib/snapshots/read-snapshot-tree'
import { snapshotNameRefusal } from '@/lib/snapshots/snapshot-name'

/** Whether `?name=` can be a new snapshot's: `{ refusal: string | null }`. A GET, for server actions of a page run one after the other. */
export const GET = route('snapshot.plan', async (request, { params }) => {
  const name = new URL(request.url).searchParams.get('name') ?? ''
  const { nodes } = await readSnapshotTree(params.host ?? '', params.vm ?? '')
  return {
    refusal: snapshotNameRefusal(
      name,
      nodes.map((node) => node.name),
    ),
  }
})
