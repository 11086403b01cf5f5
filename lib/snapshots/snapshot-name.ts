/** Longest name in bytes of UTF-8: libvirt breaks at 250 (lib/hosts/LIBVIRT.md, “Snapshots”), and overlay files carry the name, too. */
export const SNAPSHOT_NAME_MAX_BYTES = 200

/** Why a snapshot can't have this name; null when it can. `taken` are the names that the VM's snapshots have. */
export function snapshotNameRefusal(name: string, taken: readonly string[]): string | null {
  if (name.trim() === '') return 'Give the snapshot a name.'
  const bytes = new TextEncoder().encode(name).length
  if (bytes > SNAPSHOT_NAME_MAX_BYTES)
    return `The name is too long: ${bytes} bytes, at most ${SNAPSHOT_NAME_MAX_BYTES} are safe.`
  if (name.includes('/')) return 'The name must not contain “/”: libvirt makes a file of it.'
  if (name.startsWith('.')) return 'The name must not begin with a dot.'
  // Line separators, too: XML and virsh would show another name than the one that was typed.
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\uFFFE\uFFFF]/u.test(name))
    return 'The name must not contain control characters.'
  if (taken.includes(name)) return `The name is in use: this VM has a snapshot called “${name}”.`
  return null
}

/** A name nobody has yet, from the time, e.g. "2026-11-24-0931". */
export function proposeSnapshotName(taken: readonly string[], now: Date): string {
  const stamp = now.toISOString().slice(0, 16).replace('T', '-').replace(':', '')
  for (let number = 1; ; number++) {
    const name = number === 1 ? stamp : `${stamp}-${number}`
    if (!taken.includes(name)) return name
  }
}
