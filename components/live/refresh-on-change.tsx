'use client'

import { useLive, useWatch } from '@/components/live/live-provider'
import { useRefresh } from '@/components/live/use-refresh'

const VM_WAIT_MS = 300
const LIST_WAIT_MS = 1_000

/**
 * On a VM's pages: reads the page again when this VM changed. With `waitForDialog` not while a dialog is open: the page of
 * a snapshot is gone with it, and the dialog that deletes it has yet to say how that went.
 */
export function RefreshOnVmChange({
  host,
  vmUuid,
  waitForDialog = false,
}: {
  host: string
  vmUuid: string
  waitForDialog?: boolean
}) {
  const refresh = useRefresh(VM_WAIT_MS, waitForDialog)
  useWatch(host, vmUuid)
  useLive((event) => {
    if (event.type === 'vm' && event.host === host && event.vmUuid === vmUuid) refresh()
    else if (
      event.type === 'job' &&
      event.job.endedAtMs !== null &&
      event.job.host === host &&
      event.job.vmUuid === vmUuid
    )
      refresh()
    else if (event.type === 'audit' && event.host === host && event.vmUuid === vmUuid) refresh()
    else if (
      event.type === 'backups' &&
      event.host === host &&
      (event.vmUuid === null || event.vmUuid === vmUuid)
    )
      refresh()
  })
  return null
}

/** On a job's page: reads its story again when a step or a call began or ended. */
export function RefreshOnJobChange({ jobId }: { jobId: string }) {
  const refresh = useRefresh(VM_WAIT_MS)
  useLive((event) => {
    if (
      (event.type === 'job-story' && event.jobId === jobId) ||
      (event.type === 'job' && event.job.id === jobId && event.job.endedAtMs !== null)
    )
      refresh()
  })
  return null
}

/** On the page of all jobs. */
export function RefreshOnAnyJob() {
  const refresh = useRefresh(LIST_WAIT_MS)
  useLive((event) => {
    if (event.type === 'job') refresh()
  })
  return null
}

/** On the list: reads it again when any host changed. */
export function RefreshOnHostChange() {
  const refresh = useRefresh(LIST_WAIT_MS)
  useLive((event) => {
    if (event.type === 'host') refresh()
  })
  return null
}

/** On pages of backups, targets, schedules and protection: of one VM, or of all hosts where none is named. */
export function RefreshOnBackupsChange({ of }: { of?: { host: string; vmUuid: string } }) {
  const refresh = useRefresh(of ? VM_WAIT_MS : LIST_WAIT_MS)
  useLive((event) => {
    if (
      event.type === 'backups' &&
      (!of || (event.host === of.host && (event.vmUuid === null || event.vmUuid === of.vmUuid)))
    )
      refresh()
  })
  return null
}

/** On the page of users. */
export function RefreshOnUsersChange() {
  const refresh = useRefresh(VM_WAIT_MS)
  useLive((event) => {
    if (event.type === 'users') refresh()
  })
  return null
}

/** On the page of all share links. */
export function RefreshOnShareChange() {
  const refresh = useRefresh(VM_WAIT_MS)
  useLive((event) => {
    if (event.type === 'share') refresh()
  })
  return null
}

/** On the page of notifications, and where one line says that a channel fails. */
export function RefreshOnNotificationsChange() {
  const refresh = useRefresh(VM_WAIT_MS)
  useLive((event) => {
    if (event.type === 'notifications') refresh()
  })
  return null
}

/** On the audit log: when something was recorded, and when a job ended that it shows as under way. */
export function RefreshOnAudit() {
  const refresh = useRefresh(VM_WAIT_MS)
  useLive((event) => {
    if (event.type === 'audit' || (event.type === 'job' && event.job.endedAtMs !== null)) refresh()
  })
  return null
}
