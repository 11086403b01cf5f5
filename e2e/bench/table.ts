import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repoDir } from '../../lib/testing/lab/paths.ts'

export type Line = {
  what: string
  /** Both in `unit`, medians of one run. */
  keyframe: number
  peer: number
  peerName: string
  unit: string
  /** keyframe / peer; seconds and the like say nothing on another machine. */
  aim?: { atMost: number }
  /** What else one must know to read the numbers. */
  note?: string
}

const ratio = (line: Line) => line.keyframe / line.peer
const isMet = (line: Line) => (line.aim === undefined ? undefined : ratio(line) <= line.aim.atMost)
const short = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))

function metWord(met: boolean | undefined): string {
  if (met === undefined) return '–'
  return met ? 'yes' : 'NO'
}

function cells(line: Line): string[] {
  return [
    line.what,
    `${short(line.keyframe)} ${line.unit}`,
    `${short(line.peer)} ${line.unit} (${line.peerName})`,
    `${ratio(line).toFixed(2)}×`,
    line.aim ? `≤ ${line.aim.atMost}×` : '–',
    metWord(isMet(line)),
  ]
}

/** One table for people; the notes under it. */
export function tableText(lines: Line[]): string {
  const rows = [['what', 'Keyframe', 'peer', 'ratio', 'aim', 'met?'], ...lines.map(cells)]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const text = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
  text.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '))
  const notes = lines.filter((line) => line.note).map((line) => `${line.what}: ${line.note}`)
  return [...text, '', ...notes].join('\n')
}

/** The same for scripts; gives the path. */
export function writeJson(lines: Line[]): string {
  const dir = join(repoDir, 'test-results')
  mkdirSync(dir, { recursive: true })
  const path = join(dir, 'bench.json')
  writeFileSync(
    path,
    `${JSON.stringify(
      lines.map((line) => ({ ...line, ratio: ratio(line), met: isMet(line) ?? null })),
      undefined,
      2,
    )}\n`,
  )
  return path
}
