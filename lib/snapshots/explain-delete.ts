/** libvirt's refusals of a delete (11.3, src/qemu/qemu_snapshot.c), in the user's words with what to do. */
const EXPLANATIONS: [RegExp, (name: string) => string][] = [
  [
    /multiple children/i,
    (name) =>
      `${name} has more than one child, and its layer can be merged into one only. Delete all but one of its children first, or delete it with its children.`,
  ],
  [
    /active.*not a leaf|not a leaf/i,
    (name) =>
      `${name} is the current snapshot and has children on another branch. Delete those first, or revert to one of them.`,
  ],
  [
    /could not find (image|base)|not in the (image|backing) chain|disk image .* not found|not found in .*chain|snapshot .*disk .* (doesn't|does not) (match|exist)/i,
    (name) =>
      `The layer of ${name} was merged by hand (blockcommit or blockpull), so libvirt can’t delete it any more. Delete its metadata only: no file is touched.`,
  ],
  [
    /no space/i,
    (name) =>
      `${name} was not deleted: the file system that receives its data is full. Free space, then delete it again.`,
  ],
]

/** A sentence for why libvirt did not delete a snapshot. */
export function explainDelete(name: string, message: string): string {
  const known = EXPLANATIONS.find(([pattern]) => pattern.test(message))
  return known ? `${known[1](name)} (libvirt: ${message})` : `${name} was not deleted: ${message}`
}
