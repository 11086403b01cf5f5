import { expect, it } from 'vitest'
import { splitLibvirtWords } from './split-libvirt-words.ts'

it('takes libvirt’s words from the end of an error', () => {
  expect(splitLibvirtWords('web can’t be started. (libvirt: internal error (QEMU):\nno lock)')).toEqual({
    sentence: 'web can’t be started.',
    words: 'internal error (QEMU):\nno lock',
  })
  expect(splitLibvirtWords('Another process holds it. libvirt: no lock')).toEqual({
    sentence: 'Another process holds it.',
    words: 'no lock',
  })
})

it('leaves a sentence as it is that quotes none, or goes on after it', () => {
  for (const text of ['web is started.', 'There is no file (libvirt: no such file), so nothing was done.'])
    expect(splitLibvirtWords(text)).toEqual({ sentence: text, words: null })
})
