import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it, vi } from 'vitest'
import type { AuditEntry } from '@/lib/access/read-audit'
import { AuditList } from './audit-list'

vi.mock('@/components/page-link', () => ({
  PageLink: ({ href, children }: { href: string; children: string }) => <a href={href}>{children}</a>,
}))

const ENTRY: AuditEntry = {
  id: 1,
  atMs: 0,
  userName: 'ann',
  act: 'snapshot.create',
  address: '198.51.100.7',
  host: 'lab',
  vmUuid: 'u',
  vmName: 'web',
  snapshot: 'before',
  subjectUser: null,
  job: null,
  status: 'ok',
  sentence: null,
  asked: '{"description":"only for admins"}',
}

it('says from where and what was asked to admins, and to others who did what alone', () => {
  const [admins, others] = [true, false].map((whole) =>
    renderToStaticMarkup(<AuditList entries={[ENTRY]} label="Records" whole={whole} />),
  )
  for (const text of ['198.51.100.7', 'only for admins'])
    expect([admins!.includes(text), others!.includes(text)]).toEqual([true, false])
  for (const text of ['ann', 'web', 'before']) expect(others).toContain(text)
})
