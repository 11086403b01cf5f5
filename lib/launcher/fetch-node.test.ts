import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fetchNode, NODE_VERSION } from './fetch-node.mjs'

let dir: string
const path = process.env.PATH
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kf-node-'))
  // An npm that gives another package than was asked for, and whose scripts would leave a mark.
  mkdirSync(join(dir, 'bin'))
  writeFileSync(
    join(dir, 'bin/npm'),
    '#!/bin/sh\necho "$@" > "$(dirname "$0")/asked"\nprintf not-node > node.tgz\n',
  )
  chmodSync(join(dir, 'bin/npm'), 0o755)
  process.env.PATH = `${join(dir, 'bin')}:${path}`
})
afterEach(() => {
  process.env.PATH = path
  rmSync(dir, { recursive: true })
})

it('uses no Node that is not the package it should be, and leaves nothing of it', () => {
  const cache = join(dir, 'cache')
  expect(() => fetchNode(cache, () => undefined, 'linux-x64')).toThrow(
    /is not the package that it should be, so it was not used/,
  )
  expect([existsSync(join(dir, 'bin/asked')), readdirSync(cache)]).toEqual([true, []])
})

it('says what to do where there is none', () => {
  expect(() => fetchNode(join(dir, 'cache'), () => undefined, 'plan9-mips')).toThrow(
    'Install Node 22.18 or newer by hand',
  )
  expect(existsSync(join(dir, 'bin/asked'))).toBe(false)
})

it('takes the one that was fetched before, without asking', () => {
  const bin = join(dir, 'cache', `node-v${NODE_VERSION}-linux-x64`, 'package/bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'node'), '')
  expect(fetchNode(join(dir, 'cache'), () => undefined, 'linux-x64')).toBe(bin)
  expect(existsSync(join(dir, 'bin/asked'))).toBe(false)
})
