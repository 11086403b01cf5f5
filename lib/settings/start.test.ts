import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const entry = fileURLToPath(new URL('start.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'kf-start-'))
afterAll(() => rmSync(folder, { recursive: true }))

const start = (env: Record<string, string>, ...flags: string[]) =>
  spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', entry, ...flags], {
    env: { NODE_ENV: 'production', PATH: process.env.PATH, KEYFRAME_DATA: folder, ...env },
    encoding: 'utf8',
  })

describe('npm start', () => {
  it('stops at a wrong variable with one sentence that names it', () => {
    expect(start({ PORT: 'eighty' })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'keyframe: PORT is "eighty": it must be a number from 1 to 65535.\n',
    })
  })

  it('says how to build an app that is not built', () => {
    expect(start({ KEYFRAME_DIST: '.next-none' })).toMatchObject({
      status: 1,
      stderr: 'keyframe: the app is not built yet (there is no .next-none). Build it first: npm run build\n',
    })
  })

  it('names KEYFRAME_DATA when the folder can’t be used', () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    expect(start({ KEYFRAME_DATA: join(file, 'data') }, '--dev')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^keyframe: KEYFRAME_DATA: the directory \S+\/file\/data can't be used: ENOTDIR/,
      ),
    })
  })
})
