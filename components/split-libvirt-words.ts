/** Where a sentence of ours ends and libvirt is quoted: “… (libvirt: …)”, or “… libvirt: …” to the end. */
const QUOTED = /^([\s\S]*?\S)\s+(?:\(libvirt: ([\s\S]*)\)\.?|libvirt: ([\s\S]*))$/

/** What Keyframe says of an error, and libvirt's own words for it; null where it quotes none. */
export function splitLibvirtWords(text: string): { sentence: string; words: string | null } {
  const match = QUOTED.exec(text)
  return match
    ? { sentence: match[1]!, words: match[2] ?? match[3] ?? null }
    : { sentence: text, words: null }
}
