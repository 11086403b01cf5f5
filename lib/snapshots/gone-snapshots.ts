/** Where snapshots that a plan left standing are gone, a sentence; empty where all are there. Pure. */
export function goneSnapshots(kept: readonly string[], listed: readonly string[]): string[] {
  const gone = kept.filter((name) => !listed.includes(name))
  if (gone.length === 0) return []
  return [
    `The plan said that ${gone.join(', ')} ${gone.length === 1 ? 'stays' : 'stay'}: libvirt no longer lists ${gone.length === 1 ? 'it' : 'them'}.`,
  ]
}
