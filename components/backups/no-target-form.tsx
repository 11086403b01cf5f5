import type { ReactNode } from 'react'
import { ActForm } from '@/components/dialogs/act-form'
import { PageLink } from '@/components/page-link'
import { backupsPath } from '@/components/paths'
import { Notice } from '@/components/ui/notice'

/** Instead of a form that needs a target, on a host that has none. */
export function NoTargetForm({
  act,
  host,
  onClose,
  children,
}: {
  act: string
  host: string
  onClose: () => void
  children?: ReactNode
}) {
  return (
    <ActForm
      act={act}
      ready={false}
      pending={false}
      message={null}
      onSubmit={() => undefined}
      onClose={onClose}
    >
      {children}
      <Notice tone="warn">
        {host} has no backup target yet: a directory of the hypervisor that backups go to. An admin adds one
        under{' '}
        <PageLink href={backupsPath()} className="underline">
          Backups
        </PageLink>
        .
      </Notice>
    </ActForm>
  )
}
