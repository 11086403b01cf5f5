const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Bytes in the unit that people compare in, three figures at most: "1.44 GiB". null is what nobody could tell. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return 'unknown'
  if (Math.abs(bytes) < 1024) return `${Math.round(bytes)} B`
  let value = bytes
  let unit: string = 'B'
  for (const next of UNITS) {
    if (Math.abs(value) < 999.5) break
    value /= 1024
    unit = next
  }
  return `${value.toFixed(digitsOf(Math.abs(value))).replace(/\.0+$|(\.\d*?)0+$/, '$1')} ${unit}`
}

/** After the point, so that there are three figures. */
function digitsOf(value: number): number {
  if (value >= 99.95) return 0
  return value >= 9.995 ? 1 : 2
}

/** A rate; null until it was measured. */
export const formatRate = (bytesPerSecond: number | null): string =>
  bytesPerSecond === null ? '–' : `${formatBytes(bytesPerSecond)}/s`

const MIB = 1024 * 1024
/** A limit as people type it, in MiB/s, to bytes per second; nothing and 0 are no limit. null when it is no such number. */
export function parseMibPerSecond(text: string): number | null {
  const trimmed = text.trim().replace(',', '.')
  if (trimmed === '') return 0
  const value = /^\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : NaN
  return Number.isFinite(value) && value <= 1_000_000 ? Math.round(value * MIB) : null
}
export const toMibPerSecond = (bytesPerSecond: number): string =>
  bytesPerSecond === 0 ? '' : String(Math.round((bytesPerSecond / MIB) * 100) / 100)
