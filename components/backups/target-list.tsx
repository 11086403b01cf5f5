import type { TargetState } from '@/lib/backups/targets/target-states'
import { BackupButton } from '@/components/backups/backup-dialogs'
import { spaceOf } from '@/components/backups/space-of'
import { When } from '@/components/when'

/** A target that was asked for and did not answer in time shows what was seen before. */
const OLD_MS = 60_000
const isOld = (target: TargetState) =>
  target.seenAtMs !== null && new Date().getTime() - target.seenAtMs > OLD_MS

interface Props {
  targets: TargetState[]
  /** Target id → how long its space lasts, one sentence. */
  forecasts: ReadonlyMap<string, string>
  hosts: string[]
}

/** Where backups go, and the space left there. */
export function TargetList({ targets, forecasts, hosts }: Props) {
  return (
    <section aria-labelledby="targets" className="flex min-w-0 flex-col gap-2">
      <div className="flex flex-wrap items-center gap-3">
        <h2 id="targets" className="font-semibold">
          Space left
        </h2>
        {hosts.length > 0 && (
          <BackupButton dialog={{ act: 'add-target', hosts }} variant="outline" size="small" />
        )}
      </div>
      {targets.length === 0 ? (
        <p className="rounded-lg border border-dashed border-line-strong/60 px-4 py-3 text-sm text-muted">
          No target yet: a directory of a hypervisor, best on a disk of its own, that backups go to. An admin
          adds it.
        </p>
      ) : (
        <ul
          aria-label="Targets"
          className="divide-y divide-line rounded-lg border border-line bg-surface text-sm"
        >
          {targets.map((target) => (
            <li key={target.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-3 py-2.5 sm:px-4">
              <div className="min-w-0 flex-1 basis-60">
                <p id={`target-${target.id}`} className="break-names">
                  <span className="font-medium">{target.name}</span>{' '}
                  <span className="text-muted">
                    {target.host}:{target.path}
                  </span>
                </p>
                {target.problem === null ? (
                  <p>
                    {spaceOf(target)}{' '}
                    <span className="text-muted">
                      {isOld(target) && (
                        <>
                          as it was <When ms={target.seenAtMs!} />{' '}
                        </>
                      )}
                      · {target.backups === 1 ? '1 backup' : `${target.backups} backups`}.{' '}
                      {forecasts.get(target.id)}
                    </span>
                  </p>
                ) : (
                  <p className="break-names text-danger">
                    {target.problem}
                    {isOld(target) && (
                      <span className="text-muted">
                        {' '}
                        As it was <When ms={target.seenAtMs!} />.
                      </span>
                    )}
                  </p>
                )}
                {target.foreign > 0 && (
                  <p className="text-warn">
                    {target.foreign === 1
                      ? '1 backup there was made by another Keyframe. It does'
                      : `${target.foreign} backups there were made by another Keyframe. They do`}{' '}
                    not count until an admin adopts {target.foreign === 1 ? 'it' : 'them'}.
                  </p>
                )}
              </div>
              <div className="flex gap-1 empty:hidden max-sm:-ml-2.5">
                {target.foreign > 0 && (
                  <BackupButton
                    dialog={{ act: 'adopt', target }}
                    variant="outline"
                    size="small"
                    aria-describedby={`target-${target.id}`}
                  />
                )}
                <BackupButton
                  dialog={{ act: 'rescan', target }}
                  variant="quiet"
                  size="small"
                  aria-describedby={`target-${target.id}`}
                />
                <BackupButton
                  dialog={{ act: 'remove-target', target }}
                  variant="quiet"
                  size="small"
                  aria-describedby={`target-${target.id}`}
                />
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
