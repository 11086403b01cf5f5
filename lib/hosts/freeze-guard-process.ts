/**
 * The freeze guard: a process of its own, with its own connections, that thaws a guest at the deadline of its freeze (or
 * lets one go on that was paused) when the process that did it did not say before that it is over, because it hangs or is gone.
 * One line of JSON each way: in `{ "hold": Hold }` and `{ "release": key }`, out the key of what is held now.
 * With its input closed (the parent is gone) it ends as soon as it holds nothing any more.
 */
import { createInterface } from 'node:readline'
import { isLibvirtError, openConnect, VIR_ERR_NO_DOMAIN } from 'node-libvirt'
import type { Hold } from './freeze-guard.ts'
import { freezeNow } from './thaw-once.ts'

const RETRY_MS = 1_000
/** A freeze that was given up on may come when the agent gets to it. */
const TRY_FOR_MS = 10 * 60_000
const OPEN_DEADLINE_MS = 5_000

const held = new Map<string, { hold: Hold; timer: NodeJS.Timeout }>()
let parentGone = false

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const endWhenFree = () => {
  if (parentGone && held.size === 0) process.exit(0)
}

function release(key: string): void {
  clearTimeout(held.get(key)?.timer)
  held.delete(key)
  endWhenFree()
}

async function end({ uri, uuid, key, act }: Hold): Promise<void> {
  const endMs = Date.now() + TRY_FOR_MS
  while (held.has(key) && Date.now() < endMs) {
    if (await ended(uri, uuid, act).catch(() => false)) break
    await sleep(RETRY_MS)
  }
  release(key)
}

/** True when nothing is frozen, or paused, any more, or there is no guest that could be. */
async function ended(uri: string, uuid: string, act: Hold['act']): Promise<boolean> {
  const connect = await openConnect(uri, { signal: AbortSignal.timeout(OPEN_DEADLINE_MS) })
  try {
    const domain = await connect.domainLookupByUUID(uuid)
    if (act === 'thaw') return (await freezeNow(domain)) === 'thawed'
    if ((await domain.getState()).state === 'paused') await domain.resume()
    return (await domain.getState()).state !== 'paused'
  } catch (error) {
    if (isLibvirtError(error, VIR_ERR_NO_DOMAIN)) return true
    throw error
  } finally {
    await connect.close()
  }
}

const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const message = JSON.parse(line) as { hold: Hold } | { release: string }
  if ('release' in message) return release(message.release)
  const { hold } = message
  clearTimeout(held.get(hold.key)?.timer)
  held.set(hold.key, {
    hold,
    timer: setTimeout(() => void end(hold), Math.max(0, hold.deadlineMs - Date.now())),
  })
  process.stdout.write(`${hold.key}\n`)
})
lines.on('close', () => {
  parentGone = true
  endWhenFree()
})
// Nobody reads any more; what is held is thawed all the same.
process.stdout.on('error', () => undefined)
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    parentGone = true
    for (const { hold, timer } of held.values()) {
      clearTimeout(timer)
      void end(hold)
    }
    endWhenFree()
  })
}
