'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { Rebuilt } from '@/lib/backups/catalogue/rebuild-catalogue'
import type { TargetState } from '@/lib/backups/targets/target-states'
import { OnlyWhoMay } from '@/components/access/may'
import type { BackupActs } from '@/components/backups/backup-acts'
import { ActForm } from '@/components/dialogs/act-form'
import { useStart } from '@/components/dialogs/use-start'
import { Button } from '@/components/ui/button'
import { Dialog, DialogBody, DialogFoot } from '@/components/ui/dialog'
import { Notice } from '@/components/ui/notice'

const count = (number: number) => (number === 1 ? '1 backup' : `${number} backups`)

/** Makes the list of a target's backups from what its directory holds. */
export function RescanTargetDialog({
  target,
  acts,
  onClose,
}: {
  target: TargetState
  acts: BackupActs
  onClose: () => void
}) {
  const router = useRouter()
  const [read, setRead] = useState<Rebuilt | null>(null)
  const { submit, pending, message } = useStart(acts.rescanTarget, (result) => {
    setRead(result)
    router.refresh()
  })
  return (
    <Dialog open title={`Rescan ${target.name}`} onClose={onClose}>
      <OnlyWhoMay act="target.read-anew">
        {read === null ? (
          <ActForm
            act="Rescan"
            ready
            pending={pending}
            message={message}
            onClose={onClose}
            onSubmit={() => submit({ targetId: target.id })}
          >
            <p className="text-sm break-names">
              Looks through {target.path} on {target.host} and makes the list of its backups from what stands
              there: for when files were moved by hand, or Keyframe’s own data was restored from a copy. No
              backup is changed; signatures that are missing are written.
            </p>
          </ActForm>
        ) : (
          <>
            <DialogBody>
              <Notice tone="ok" role="status">
                <p>
                  {count(read.found.length)} found.
                  {read.gone.length > 0 &&
                    ` ${count(read.gone.length)} that Keyframe knew ${read.gone.length === 1 ? 'is' : 'are'} gone.`}
                </p>
              </Notice>
              {read.unsigned.length > 0 && (
                <Notice tone="warn">
                  <p>
                    {count(read.unsigned.length)} had no signature of this Keyframe. It is written again:{' '}
                    {read.unsigned.join(', ')}.
                  </p>
                </Notice>
              )}
              {read.foreign.length > 0 && (
                <Notice tone="warn">
                  <p>
                    {count(read.foreign.length)} {read.foreign.length === 1 ? 'was' : 'were'} made by another
                    Keyframe. {read.foreign.length === 1 ? 'It does' : 'They do'} not count until you adopt{' '}
                    {read.foreign.length === 1 ? 'it' : 'them'}.
                  </p>
                </Notice>
              )}
              {read.gone.length > 0 && (
                <ul aria-label="Gone" className="list-disc pl-5 text-sm break-names">
                  {read.gone.map((id) => (
                    <li key={id}>{id}</li>
                  ))}
                </ul>
              )}
              {read.unreadable.length > 0 && (
                <Notice tone="warn">
                  <p>
                    {read.unreadable.length === 1
                      ? '1 directory is not counted as a backup:'
                      : `${read.unreadable.length} directories are not counted as backups:`}
                  </p>
                  <ul className="list-disc pl-5">
                    {read.unreadable.map(({ name, problem }) => (
                      <li key={name}>
                        {name}: {problem}
                      </li>
                    ))}
                  </ul>
                </Notice>
              )}
            </DialogBody>
            <DialogFoot>
              <Button onClick={onClose}>Close</Button>
            </DialogFoot>
          </>
        )}
      </OnlyWhoMay>
    </Dialog>
  )
}
