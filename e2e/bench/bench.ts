import { startTestLab, sweepTestLabs } from '../../lib/testing/lab/test-lab.ts'
import { type Lab } from '../../lib/testing/lab/lab.ts'
import { provision } from '../../lib/testing/lab/provision.ts'
import { benchBackup } from './backup.ts'
import { benchClient } from './client.ts'
import { benchListPage } from './list-page.ts'
import { benchSnapshot } from './snapshot.ts'
import { type Line, tableText, writeJson } from './table.ts'
import { benchWatchers } from './watchers.ts'

// `npm run bench`, or some parts of it: `npm run bench -- client page`.

const say = (line: string) => console.error(`keyframe: ${line}`)

const PARTS: Record<string, { title: string; run: (lab: Lab) => Promise<Line[]> }> = {
  client: { title: 'node-libvirt, python3-libvirt and virsh', run: benchClient },
  snapshot: { title: 'snapshots', run: benchSnapshot },
  backup: { title: 'backups', run: benchBackup },
  page: { title: 'the list page', run: (lab) => benchListPage(lab, say) },
  watchers: { title: 'libvirt calls with 1 and with 200 browsers', run: (lab) => benchWatchers(lab, say) },
}

/** Resolves with the number of parts that failed: the others' figures are shown all the same. */
async function main(asked: string[]): Promise<number> {
  const unknown = asked.find((name) => !PARTS[name])
  if (unknown !== undefined)
    throw new Error(`There is no part "${unknown}": ${Object.keys(PARTS).join(', ')}.`)
  await provision({ forBench: true, say })
  await sweepTestLabs()
  const lines: Line[] = []
  let failed = 0
  for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) {
    const part = PARTS[name]!
    say(`measuring ${part.title}`)
    // A lab for each: what one part leaves in libvirtd must not slow the next.
    const lab = await startTestLab('bench')
    try {
      lines.push(...(await part.run(lab)))
      // After each: whoever ends a long run keeps what it had.
      writeJson(lines)
    } catch (error) {
      failed++
      say(`this part failed: ${error instanceof Error ? error.stack : String(error)}`)
    } finally {
      await lab.stop({ remove: true })
    }
  }
  console.log(tableText(lines))
  say(`written to ${writeJson(lines)}`)
  return failed
}

await main(process.argv.slice(2)).then(
  (failed) => process.exit(failed > 0 ? 1 : 0),
  (error: unknown) => {
    console.error(`keyframe: the benchmark failed: ${error instanceof Error ? error.stack : String(error)}`)
    process.exit(1)
  },
)
