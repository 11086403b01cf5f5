import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { cpioArchive } from './cpio.ts'

test('busybox lists what was put in', () => {
  const archive = cpioArchive([
    { path: 'dir', kind: 'folder' },
    { path: 'dir/odd', kind: 'file', mode: 0o755, content: Buffer.from('abc') },
    { path: 'link', kind: 'link', target: 'dir/odd' },
  ])
  expect(archive.length % 4).toBe(0)
  expect(
    execFileSync('busybox', ['cpio', '-t'], {
      input: archive,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    })
      .trim()
      .split('\n'),
  ).toEqual(['dir', 'dir/odd', 'link'])
})
