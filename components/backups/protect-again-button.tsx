'use client'

import { useRouter } from 'next/navigation'
import { OnlyWhoMay } from '@/components/access/may'
import type { BackupActs } from '@/components/backups/backup-acts'
import { useStart } from '@/components/dialogs/use-start'
import { Button } from '@/components/ui/button'

/** An act that needs no dialog: the VM counts again. */
export function ProtectAgainButton({
  host,
  vm,
  acts,
}: {
  host: string
  vm: string
  acts: Pick<BackupActs, 'protectAgain'>
}) {
  const router = useRouter()
  const { submit, pending, message } = useStart(acts.protectAgain, () => {
    router.refresh()
    // The button goes with the notice that it stands in.
    document.querySelector('main')?.focus()
  })
  return (
    <OnlyWhoMay act="protection.protect-again">
      <Button variant="outline" size="small" disabled={pending} onClick={() => submit({ host, vm })}>
        Protect again
      </Button>
      {message && (
        <p role="alert" className="w-full text-sm text-danger">
          {message}
        </p>
      )}
    </OnlyWhoMay>
  )
}
