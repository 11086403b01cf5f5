export const DESCRIPTION_MAX_CHARACTERS = 4_000
/** Free space below which an overlay is not worth beginning: its header and first clusters take 256 KiB. */
export const OVERLAY_MIN_FREE_BYTES = 2 * 1024 * 1024
