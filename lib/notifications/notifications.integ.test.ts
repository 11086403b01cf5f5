import { renameSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeTarget } from '../testing/backup-acts.ts'
import { HOST, startKeyframe, type Keyframe } from '../testing/in-process.ts'
import type { Lab } from '../testing/lab/lab.ts'
import { startTestLab } from '../testing/lab/test-lab.ts'
import { waitUntil } from '../testing/lab/wait-until.ts'
import { webhookInput } from './testing/messages.ts'
import { startReceiver, type Receiver } from './testing/receiver.ts'

const MIB = 1024 * 1024
const MINUTE_MS = 60_000
const EVERY_MINUTES = 10
/** Backups carry the real time, so the clock begins hours before it: each is newer than the run it was made by. */
let now = Math.floor(Date.now() / 600_000) * 600_000 - 6 * 60 * MINUTE_MS + MINUTE_MS
const clock = { now: () => now }
let lab: Lab
let keyframe: Keyframe
let receiver: Receiver
let uuid: string
let target: Awaited<ReturnType<typeof makeTarget>>

async function look() {
  await (await import('../schedules/start-schedules.ts')).lookAtSchedules()
  await (await import('./start-notifications.ts')).lookAtNotifications()
}
/** Lets time pass, until the VM's protection is as expected. */
async function pass(minutes: number, state: string) {
  now += minutes * MINUTE_MS
  const { protectionOf } = await import('../schedules/protection.ts')
  await waitUntil(
    async () => {
      await look()
      return (await protectionOf(HOST, uuid))?.state === state
    },
    { limitMs: 60_000, everyMs: 200, what: `The VM ${state}` },
  )
  await look()
}

beforeAll(async () => {
  lab = await startTestLab('notifications')
  receiver = await startReceiver()
  keyframe = await startKeyframe(lab, { clock })
  target = await makeTarget(lab, 'nightly')
  await lab.defineGuest({ name: 'a', system: 'none', disks: [{ format: 'qcow2', virtualBytes: 16 * MIB }] })
  await lab.startGuest('a')
  uuid = await keyframe.uuid('a')
})
afterAll(async () => {
  await keyframe?.stop()
  await receiver?.stop()
  await lab?.stop({ remove: true })
})

it('a VM that a schedule protects, whose target goes away and comes back: each change is told once, whatever is restarted, and the digest says how all stands', async () => {
  const { saveChannel } = await import('./save-channel.ts')
  const { saveSchedule } = await import('../schedules/save-schedule.ts')
  await look()
  await saveChannel(
    webhookInput(receiver.url, { digestAt: new Date(now + 25 * MINUTE_MS).toISOString().slice(11, 16) }),
    { name: 'tester' },
  )
  await saveSchedule(
    {
      id: crypto.randomUUID(),
      exists: false,
      host: HOST,
      vmUuid: uuid,
      targetId: target.id,
      method: 'incremental',
      quiesce: 'off',
      when: { kind: 'interval', minutes: EVERY_MINUTES },
      timeZone: 'UTC',
      retention: { last: 10, daily: 0, weekly: 0, monthly: 0 },
    },
    { name: 'tester' },
  )
  await look()
  await pass(EVERY_MINUTES, 'protected')
  expect(receiver.titles()).toEqual(['a on lab is protected'])

  renameSync(target.path, `${target.path}-away`)
  await pass(11, 'at-risk')
  await keyframe.stop({ keepData: true })
  keyframe = await startKeyframe(lab, { clock, dataDir: keyframe.dataDir })
  await keyframe.uuid('a')
  await look()
  expect(receiver.titles()).toEqual(['a on lab is protected', 'a on lab is at risk'])
  expect(receiver.received[1]!.body).toMatchObject({
    level: 'attention',
    text: expect.stringMatching(/target nightly can’t be reached.*See that the target is there again\.$/),
    vms: [{ host: HOST, name: 'a', uuid, before: 'protected', protection: 'at-risk' }],
  })

  // The digest, while a host is known and its target away.
  now += 5 * MINUTE_MS
  await waitUntil(
    async () => {
      await look()
      return receiver.received.length === 3
    },
    { limitMs: 20_000, everyMs: 200, what: 'The digest' },
  )
  expect(receiver.received[2]!.body).toMatchObject({
    event: 'digest',
    title: '0 of 1 VM protected',
    counts: { protected: 0, vms: 1 },
    vms: [{ name: 'a', protection: 'at-risk' }],
  })
  renameSync(`${target.path}-away`, target.path)
  await pass(11, 'protected')
  // Between the target's return and the next good backup the reason may be the run that failed meanwhile.
  expect(
    receiver
      .titles()
      .slice(3)
      .filter((title) => title !== 'a on lab is at risk, for another reason'),
  ).toEqual(['a on lab is protected again'])
})
