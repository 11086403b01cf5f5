import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { median } from '../../lib/node-libvirt/bench/compare.ts'
import { pythonLibvirt } from '../../lib/node-libvirt/bench/peers.ts'
import { type Lab } from '../../lib/testing/lab/lab.ts'
import { testDriverUri } from '../../lib/testing/lab/test-driver.ts'
import { waitUntil } from '../../lib/testing/lab/wait-until.ts'
import { type BenchApp, withApp } from './bench-app.ts'
import { type Line } from './table.ts'

const DOMAINS = 1000
const ROUNDS = 10
/** What a request read of a host is shared for 1 s: after this each reads anew. */
const UNSHARED_MS = 1_200

async function get({ url, cookie }: BenchApp, path: string): Promise<string> {
  const answer = await fetch(`${url}${path}`, { headers: { cookie }, redirect: 'manual' })
  if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}`)
  return answer.text()
}

/** kB, gzip, of all scripts that a page's HTML names. */
async function scriptKB(app: BenchApp, html: string): Promise<number> {
  const sources = new Set([...html.matchAll(/<script[^>]*\ssrc="([^"]+)"/g)].map(([, source]) => source!))
  // Old browsers alone load those.
  for (const [tag] of html.matchAll(/<script[^>]*\snomodule[^>]*>/gi))
    sources.delete(/src="([^"]+)"/.exec(tag)?.[1] ?? '')
  let bytes = 0
  for (const source of sources)
    bytes += gzipSync(Buffer.from(await (await fetch(new URL(source, app.url))).arrayBuffer())).length
  return bytes / 1000
}

/** (c) The list of 1,000 VMs: how long the server takes, and what a browser loads first. */
export async function benchListPage(lab: Lab, say: (line: string) => void): Promise<Line[]> {
  const uri = testDriverUri(lab, DOMAINS)
  const python = await pythonLibvirt(uri, DOMAINS)
  try {
    return await withApp(uri, say, async (app) => {
      // Its first page shows some, and the number of all.
      await waitUntil(async () => />1,?000\b/.test(await get(app, '/')), {
        limitMs: 30_000,
        what: 'The list of 1,000 VMs',
      })
      const page: number[] = [],
        peer: number[] = [],
        empty: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        peer.push(await python.run('inventory'))
        await sleep(UNSHARED_MS)
        page.push(await timed(() => get(app, '/')))
        empty.push(await timed(() => get(app, '/account')))
      }
      const html = await get(app, '/')
      const note = `the HTML has ${(html.length / 1000).toFixed(0)} kB, ${(gzipSync(html).length / 1000).toFixed(0)} kB gzip; the account page takes ${median(empty).toFixed(0)} ms`
      return [
        {
          what: 'list page of 1,000 VMs',
          keyframe: median(page),
          peer: median(peer),
          peerName: 'python3-libvirt, its inventory alone',
          unit: 'ms',
          note,
        },
        {
          what: 'first-load JavaScript of the list',
          keyframe: await scriptKB(app, html),
          peer: await scriptKB(app, await get(app, '/account')),
          peerName: 'the account page',
          unit: 'kB gzip',
        },
      ]
    })
  } finally {
    await python.end()
  }
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await run()
  return performance.now() - startedMs
}
