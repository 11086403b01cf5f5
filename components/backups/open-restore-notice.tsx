import { PageLink } from '@/components/page-link'
import { vmBackupsPath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'
import { When } from '@/components/when'

interface Props {
  host: string
  vmName: string
  restore: { backupId: string; endedAtMs: number }
}

/** A restore in place that waits for somebody to say which disks are right, and the way to where that is said. */
export const OpenRestoreNotice = ({ host, vmName, restore }: Props) => (
  <Notice tone="warn" role="status">
    {vmName} was restored in place from {restore.backupId} <When ms={restore.endedAtMs} />. Its old disks are
    kept until someone says which ones are right,{' '}
    <PageLink
      href={vmBackupsPath(host, vmName)}
      className="text-accent underline max-sm:inline-block max-sm:py-2"
    >
      among its backups
    </PageLink>
    .
  </Notice>
)
