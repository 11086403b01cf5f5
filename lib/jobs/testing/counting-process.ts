/**
 * A process with one saga, for tests that kill it: it appends a line to a file for each thing it does.
 * Arguments: the data directory, the file, and "start" to begin a job or "resume" to take up what is left.
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { openStore } from '../../store/store.ts'
import type { Saga } from '../saga.ts'
import { startJob } from '../start-job.ts'
import { startJobs } from '../start-jobs.ts'

const [dataDirectory = '', file = '', mode] = process.argv.slice(2)
process.env.KEYFRAME_DATA = dataDirectory
const note = (line: string) => appendFileSync(file, `${line}\n`)
const done = (line: string) => readFileSync(file, { encoding: 'utf8', flag: 'a+' }).includes(line)

const saga: Saga<{ x: number }> = {
  kind: 'merge',
  version: '1',
  async run({ step, input }) {
    const one = await step('one', {
      do: async () => {
        note('one')
        return input.x + 1
      },
    })
    const two = await step('two', {
      isDone: async () => (done('two acted') ? 99 : null),
      do: async () => {
        note(`two begun with ${one}`)
        // The outside changes, then the process dies before it can record that.
        note('two acted')
        await new Promise(() => setInterval(() => undefined, 1_000))
        return 0
      },
    })
    return [`three after ${two}`]
  },
}

await openStore()
await startJobs([saga], { isUnreachable: () => false, sentenceOf: () => null })
if (mode === 'start')
  await startJob(
    saga,
    { host: 'h', vmUuid: 'u', vmName: 'vm', title: 'Count', nonce: 'n1' },
    { x: 41 },
    { name: 'me' },
  )
note(`${mode} ready`)
