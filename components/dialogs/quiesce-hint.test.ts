import { expect, it } from 'vitest'
import { quiesceHint } from './quiesce-hint.ts'

const running = (fileSystems: number | null) =>
  quiesceHint({ agent: 'answers', fileSystems, state: 'running' })

it('says how many file systems would be frozen', () => {
  expect([running(2), running(1), running(null)]).toEqual([
    'The guest agent answers: its 2 file systems would be frozen for the moment of the snapshot.',
    'The guest agent answers: its one file system would be frozen for the moment of the snapshot.',
    'The guest agent answers: its file systems would be frozen for the moment of the snapshot.',
  ])
})

it('none is not called a freeze', () => {
  expect(running(0)).toBe(
    'The guest agent answers, but no file system would be frozen: the guest has none mounted that can be, so the snapshot is as after a power cut.',
  )
})

it('off, paused and asleep are told apart', () => {
  const hints = (['shut off', 'paused', 'pmsuspended'] as const).map((state) =>
    quiesceHint({ agent: 'vm not running', fileSystems: null, state }),
  )
  expect(hints).toEqual([
    'The VM is off: its disks are as it left them, and there is nothing to freeze.',
    'The VM is paused, so its guest agent can’t answer and nothing is frozen.',
    'The VM is asleep by its own power management, so its guest agent can’t answer and nothing is frozen.',
  ])
})
