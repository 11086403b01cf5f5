import type { BackupForm } from '@/lib/backups/backup-form'

/** Why a backup of these disks can't be incremental just now, a sentence or two; null when it can. */
export function whyNotIncremental(
  form: Pick<BackupForm, 'disks' | 'running' | 'state'>,
  chosen: readonly string[],
): string | null {
  if (!form.running) return `The VM is ${form.state}: QEMU keeps its record of changes only while it runs.`
  const others = form.disks
    .filter((disk) => disk.refusal === null && chosen.includes(disk.target) && disk.format !== 'qcow2')
    .map((disk) => disk.target)
  return others.length > 0
    ? `${others.join(', ')}: not qcow2, which alone can keep a record of what changed.`
    : null
}
