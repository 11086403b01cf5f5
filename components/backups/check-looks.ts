/** What the last check of a backup found, in a word and its colour. */
export const CHECK_LOOKS = { good: { word: 'good', colour: 'text-ok' }, damaged: { word: 'damaged', colour: 'text-danger' }, unchecked: { word: 'not checked yet', colour: 'text-warn' } } as const
