/** What the last check of a backup found, in a word and its colour. */
export const CHECK_LOOKS = {
  good: { word: 'good', colour: 'text-ok' },
  damaged: { word: 'damaged', colour: 'text-danger' },
  unchecked: { word: 'not checked yet', colour: 'text-warn' },
} as const

/** Of a backup of which it is known whether it can be restored: one that was found good may rest on one that is not. */
export const checkLook = ({ check, isFaulty }: { check: keyof typeof CHECK_LOOKS; isFaulty: boolean }) =>
  isFaulty && check !== 'damaged' ? { word: 'can’t be restored', colour: 'text-danger' } : CHECK_LOOKS[check]
