import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning, markOf, type ProcessMark } from './processes.ts'

const ASK_AGAIN_MS = 100

/**
 * Makes a folder of the cache for which several processes may ask at once: one makes it, the others wait for it. Two that make
 * it side by side, which a killed one's lock can bring about, do the same work twice and no harm.
 */
export async function makeOnce(dir: string, make: (fresh: string) => Promise<void>): Promise<void> {
  const lock = `${dir}.lock`
  mkdirSync(dirname(dir), { recursive: true })
  while (!existsSync(dir) && !take(lock)) await sleep(ASK_AGAIN_MS)
  if (existsSync(dir)) return
  const fresh = `${dir}.${process.pid}`
  try {
    rmSync(fresh, { recursive: true, force: true })
    mkdirSync(fresh)
    await make(fresh)
    try {
      renameSync(fresh, dir)
    } catch (error) {
      if (!existsSync(dir)) throw error
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true })
    rmSync(lock, { force: true })
  }
}

function take(lock: string): boolean {
  const mine = `${lock}.${process.pid}`
  writeFileSync(mine, JSON.stringify(markOf(process.pid)))
  try {
    linkSync(mine, lock)
    return true
  } catch {
    if (isOfTheDead(lock)) rmSync(lock, { force: true })
    return false
  } finally {
    rmSync(mine, { force: true })
  }
}

function isOfTheDead(lock: string): boolean {
  try {
    return !isRunning(JSON.parse(readFileSync(lock, 'utf8')) as ProcessMark)
  } catch {
    // It was given back just now.
    return false
  }
}
