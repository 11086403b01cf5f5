// npm run demo [-- --detach | --stop | --reset]: Keyframe with a private libvirt and two guests, in one command.
import { existsSync } from 'node:fs'
import { demoFolder, readDemo, removeDemoFolder } from './demo-folder.ts'
import { readyLines } from './ready-lines.ts'
import { CalledOff, startDemo, stopDemo, type Step } from './demo-start.ts'
import { endLoggedSteps } from '../../lib/testing/lab/run-logged.ts'

const FLAGS = ['--detach', '--stop', '--reset']
const say = (line: string) => console.log(`keyframe: ${line}`)

const flags = process.argv.slice(2)
const unknown = flags.find((flag) => !FLAGS.includes(flag))
if (unknown) {
  console.error(`keyframe: the demo does not know "${unknown}". It knows ${FLAGS.join(', ')}.`)
  process.exit(2)
}
const dir = demoFolder()
let calledOff = false

const step: Step = async (what, act) => {
  if (calledOff) throw new CalledOff()
  try {
    return await act()
  } catch (error) {
    if (calledOff) throw new CalledOff()
    throw new Error(`${what} failed. ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

const stop = async () => (existsSync(dir) ? await stopDemo(dir) : 0)

function sayEnded(processes: number, otherwise: string): void {
  say(processes > 0 ? `the demo has ended (${processes} processes: app, libvirt, guests)` : otherwise)
}

let starting: Promise<unknown> = Promise.resolve()

/** Ctrl-C comes twice: once from the terminal, once from npm. */
async function callOff(): Promise<void> {
  if (calledOff) return
  calledOff = true
  console.log()
  endLoggedSteps()
  const before = await stop().catch(() => 0)
  // A step that was under way may have started one more thing.
  await starting.catch(() => {})
  sayEnded(before + (await stop()), 'called off, nothing runs')
  process.exit(0)
}

async function main(): Promise<void> {
  if (flags.includes('--stop') || flags.includes('--reset')) {
    sayEnded(await stop(), 'the demo was not running')
    if (flags.includes('--reset')) {
      removeDemoFolder(dir)
      say(`removed the guests and the data in ${dir}`)
    }
    if (flags.includes('--stop')) return
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void callOff())
  const start = startDemo(dir, step, say)
  starting = start
  const ready = await start
  for (const line of readyLines(ready)) console.log(line)
  if (ready.wasRunning) say('it was running already. npm run demo -- --stop ends it.')
  else if (flags.includes('--detach')) say('left running. npm run demo -- --stop ends it.')
  else {
    say('Ctrl-C ends it.')
    // Nothing else keeps this process alive.
    setInterval(() => {}, 60_000)
    return
  }
  process.exit(0)
}

main().catch(async (error: unknown) => {
  if (error instanceof CalledOff || calledOff) return
  calledOff = true
  console.error(`keyframe: ${error instanceof Error ? error.message : String(error)}`)
  // A wrong PORT, or a second start beside the first, has touched nothing and ends nothing.
  if (readDemo(dir).starter?.pid === process.pid) {
    await stop().then(
      () => say('nothing was left running'),
      (again: unknown) =>
        console.error(
          `keyframe: ending the rest failed too: ${again instanceof Error ? again.message : String(again)}`,
        ),
    )
  }
  process.exit(1)
})
