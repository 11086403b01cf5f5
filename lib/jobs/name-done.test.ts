import { expect, it } from 'vitest'
import { nameDone } from './name-done.ts'
import { isRefusal, Refusal } from './refusal.ts'
import { isJobCancelled, JobCancelled } from './saga.ts'

const failing = (error: Error) => () => Promise.reject(error)
const caught = (done: string | null, error: Error) =>
  nameDone(done, failing(error)).then(
    () => null,
    (thrown: unknown) => thrown as Error,
  )

it('says first what was done, where one of a series fails or is cancelled', async () => {
  const refused = await caught('vda is merged.', new Refusal('vdb is full.', { plan: 'changed' }))
  expect([refused!.message, isRefusal(refused) && refused.fields]).toEqual([
    'vda is merged. vdb is full.',
    { plan: 'changed' },
  ])
  const wrapped = Object.assign(new Error('step'), { name: 'StepError', cause: new Refusal('vdb is full.') })
  expect((await caught('vda is merged.', wrapped))!.message).toBe('vda is merged. vdb is full.')
  const cancelled = await caught('vda is merged.', new JobCancelled('vdb is as it was.'))
  expect([cancelled!.message, isJobCancelled(cancelled)]).toEqual(['vda is merged. vdb is as it was.', true])
})

it('leaves the first of a series, and what nobody wrote for users, as they are', async () => {
  for (const [done, error] of [
    [null, new Refusal('vda is full.')],
    ['vda is merged.', new Error('socket')],
  ] as const)
    expect(await caught(done, error)).toBe(error)
  expect(await nameDone('vda is merged.', () => Promise.resolve(5))).toBe(5)
})
