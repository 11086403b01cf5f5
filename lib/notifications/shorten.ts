/** One line of at most so many characters, without control characters. */
export const line = (text: string, maximum: number): string =>
  shorten(text.replace(/[\p{Cc}\s]+/gu, ' ').trim(), maximum)

/** At most so many characters. */
export const shorten = (text: string, maximum: number): string =>
  text.length <= maximum ? text : `${text.slice(0, maximum - 1).trimEnd()}…`

/** At most so many bytes of UTF-8. */
export function shortenBytes(text: string, maximum: number): string {
  let kept = text
  while (Buffer.byteLength(kept) > maximum)
    kept = shorten(
      kept,
      Math.max(1, Math.min(kept.length - 1, Math.floor((kept.length * maximum) / Buffer.byteLength(kept)))),
    )
  return kept
}
