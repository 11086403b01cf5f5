// Gets a Node from the npm registry, for machines whose own is too old. For any Node >= 18.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export const NODE_VERSION = '24.21.0'

/** SHA-512 of the packages `node-<platform>-<arch>` at this version, as package-lock.json would hold it. A new version needs new ones. */
const INTEGRITY = {
  'linux-x64': '3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'linux-arm64': 'FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
}

const BY_HAND = 'Install Node 22.18 or newer by hand and start again.'

/**
 * The folder that holds `node`, below `cacheDirectory`; fetched when it is not there, and never unpacked when it is not the package that
 * was looked at when this was written. No script of a package is run. Throws an Error with a sentence.
 */
export function fetchNode(cacheDirectory, say, platform = `${process.platform}-${process.arch}`) {
  const folder = join(cacheDirectory, `node-v${NODE_VERSION}-${platform}`)
  const bin = join(folder, 'package', 'bin')
  if (existsSync(join(bin, 'node'))) return bin
  const integrity = INTEGRITY[platform]
  if (integrity === undefined)
    throw new Error(
      `there is no Node ${NODE_VERSION} for ${platform} in the npm registry that Keyframe knows. ${BY_HAND}`,
    )
  say(`getting Node ${NODE_VERSION} from the npm registry into ${folder}`)
  const fresh = `${folder}.${process.pid}`
  mkdirSync(fresh, { recursive: true })
  try {
    const run = (command, ...words) =>
      spawnSync(command, words, { cwd: fresh, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
    if (!run('npm', 'pack', '--ignore-scripts', '--loglevel=error', `node-${platform}@${NODE_VERSION}`))
      throw new Error(`could not get Node ${NODE_VERSION} with npm (its message is above). ${BY_HAND}`)
    const [file] = readdirSync(fresh)
    const got = createHash('sha512')
      .update(readFileSync(join(fresh, file)))
      .digest('base64')
    if (got !== integrity)
      throw new Error(
        `what the npm registry gave as Node ${NODE_VERSION} is not the package that it should be, so it was not used (SHA-512 ${got}). ${BY_HAND}`,
      )
    if (!run('tar', '-xzf', file, 'package/bin/node', 'package/LICENSE'))
      throw new Error(`could not unpack Node ${NODE_VERSION} (tar's message is above). ${BY_HAND}`)
    rmSync(join(fresh, file))
    try {
      renameSync(fresh, folder)
    } catch (error) {
      // Another start of the same moment was first.
      if (!existsSync(join(bin, 'node'))) throw error
    }
    return bin
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}
