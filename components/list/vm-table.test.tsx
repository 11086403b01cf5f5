import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it, vi } from 'vitest'
import type { VmSummary } from '@/lib/hosts/types'
import { VmTable } from './vm-table'

vi.mock('@/components/page-link', () => ({
  PageLink: ({ children }: { children: string }) => <a>{children}</a>,
}))
vi.mock('@/components/list/row-jobs', () => ({ RowJobs: () => null }))

const VM = {
  host: 'lab',
  uuid: 'u',
  name: 'web',
  state: 'running',
  stateReason: null,
  attention: [],
  disks: [],
  jobs: [],
  snapshotCount: 2,
} as unknown as VmSummary

const textOf = (depth: number | null) =>
  renderToStaticMarkup(
    <VmTable
      rows={[{ vm: VM, hostDown: false, depth, allocatedBytes: null, virtualBytes: null }]}
      query={{ q: '', sort: 'name', page: 1 }}
      choosable={false}
    />,
  ).replaceAll(/<[^>]*>/g, '')

it('on a phone a chain is so many layers', () => {
  expect(textOf(1)).toContain('1 layerunknown')
  expect(textOf(3)).toContain('3 layersunknown')
  expect(textOf(null)).toContain('unknown depth')
})
