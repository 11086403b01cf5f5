import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emptyRing, parseRecords, RECORD_BYTES, RECORD_SLOTS } from './record-format.ts'

const script = readFileSync(new URL('./guest-init.sh', import.meta.url), 'utf8')

/** One function of the guest's script, to be run by the same shell here. */
function shellFunction(name: string): string {
  const found = new RegExp(`^${name}\\(\\) \\{\\n.*?^\\}$`, 'ms').exec(script)
  if (!found) throw new Error(`guest-init.sh has no function ${name}`)
  return found[0]
}

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'kf-init-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const ash = (source: string) => execFileSync('busybox', ['ash'], { input: source, encoding: 'utf8' })

test.each([0, 1, 9, RECORD_SLOTS - 1, RECORD_SLOTS, RECORD_SLOTS + 5, 3 * RECORD_SLOTS - 1])(
  'after a boot the guest finds that %i was its last record',
  (last) => {
    const ring = emptyRing()
    for (let seq = Math.max(0, last - RECORD_SLOTS + 1); seq <= last; seq++) {
      ring.write(
        `${String(seq).padStart(10, '0')} 1700000000000 1700000000 w`.padEnd(RECORD_BYTES - 1),
        (seq % RECORD_SLOTS) * RECORD_BYTES,
        'latin1',
      )
    }
    const file = join(dir, 'ring')
    writeFileSync(file, ring)
    expect(
      ash(
        `SLOTS=${RECORD_SLOTS}\n${shellFunction('seq_at')}\n${shellFunction('find_last')}\nfind_last ${file}\necho $last`,
      ),
    ).toBe(`${last}\n`)
  },
)

test('writing past the end of the ring goes on at its start, and never grows it', () => {
  const file = join(dir, 'ring')
  writeFileSync(file, emptyRing())
  const from = RECORD_SLOTS - 2
  ash(`SLOTS=${RECORD_SLOTS}\nboot=1700000000\n${shellFunction('clock')}\n${shellFunction('put').replaceAll('/mnt/vda/records.log', file)}
exec 3<>${file}
dd bs=64 count=${from} <&3 >/dev/null 2>&1
for n in ${[0, 1, 2, 3].map((step) => from + step).join(' ')}; do put 3 $n w; done`)
  const ring = readFileSync(file)
  expect(ring.length).toBe(RECORD_BYTES * RECORD_SLOTS)
  expect(parseRecords(ring).map(({ seq }) => seq)).toEqual([from, from + 1, from + 2, from + 3])
  expect(ring.toString('latin1', 0, 10)).toBe(String(RECORD_SLOTS).padStart(10, '0'))
})
