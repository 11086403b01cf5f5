import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Boundary } from '../../lib/jobs/boundaries.ts'
import { cacheDir, repoDir } from '../../lib/testing/lab/paths.ts'
import type { Answers, Ask, Say } from './subject-protocol.ts'

const START_LIMIT_MS = 60_000
const ANSWER_LIMIT_MS = 60_000

type Waiting = { resolve: (value: unknown) => void; reject: (error: Error) => void }
type WithoutId<T> = T extends unknown ? Omit<T, 'id' | 'ask'> : never

/** One run of the app under test. */
export class SubjectProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  readonly #ready: Promise<void>
  #number = 0
  #ended = false
  /** Called at each boundary; the saga waits until its promise resolves. */
  atBoundary: (boundary: Boundary) => Promise<void> = async () => undefined

  constructor(program: string, log: string) {
    const file = openSync(log, 'a')
    this.#child = spawn(process.execPath, [program], {
      cwd: repoDir,
      stdio: ['ignore', file, file, 'ipc'],
      env: { ...process.env, NODE_ENV: 'test', NODE_COMPILE_CACHE: join(cacheDir(), 'compile-cache') },
    })
    closeSync(file)
    this.#ready = new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`The app did not start within ${START_LIMIT_MS} ms. Log: ${log}`)),
        START_LIMIT_MS,
      )
      this.#child.once('exit', () => reject(new Error(`The app ended while starting. Log: ${log}`)))
      this.#child.on('message', (message: Say) => {
        if ('ready' in message) {
          clearTimeout(timer)
          resolve()
        } else this.#hear(message)
      })
      this.#child.once('exit', () => {
        clearTimeout(timer)
        this.#end()
      })
      this.#child.on('error', reject)
    })
    this.#ready.catch(() => undefined)
  }

  get ended(): boolean {
    return this.#ended
  }

  #hear(message: Exclude<Say, { ready: true }>): void {
    if ('boundary' in message) {
      // A runner that fails here must not leave the saga waiting for ever: the case's own limit ends it.
      void this.atBoundary(message.boundary)
        .then(() => this.ask('go', {}))
        .catch(() => undefined)
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if ('error' in message) waiting?.reject(new Error(message.error))
    else waiting?.resolve(message.value)
  }

  #end(): void {
    this.#ended = true
    for (const waiting of this.#waiting.values()) waiting.reject(new Error('The app ended.'))
    this.#waiting.clear()
  }

  async ask<Kind extends Ask['ask']>(
    what: Kind,
    question: WithoutId<Extract<Ask, { ask: Kind }>>,
  ): Promise<Answers[Kind]> {
    await this.#ready
    if (this.#ended) throw new Error('The app ended.')
    const id = ++this.#number
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new Error(`The app did not answer “${what}” within ${ANSWER_LIMIT_MS} ms.`))
      }, ANSWER_LIMIT_MS)
      this.#waiting.set(id, {
        resolve: (value) => {
          clearTimeout(timer)
          resolve(value as Answers[Kind])
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      this.#child.send({ id, ask: what, ...question }, (error) => {
        if (error) {
          clearTimeout(timer)
          reject(error)
        }
      })
    })
  }

  /** kill -9, and waits until it is gone: the next process takes the data over. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()))
    this.#child.kill('SIGKILL')
    await gone
  }
}

/** Node takes a moment to start: the next app is kept ready. */
export class SubjectSupply {
  readonly #log: () => string
  #spare: SubjectProcess | null = null
  readonly #all = new Set<SubjectProcess>()
  readonly #program: string
  constructor(program: string, folder: string) {
    this.#program = program
    let number = 0
    this.#log = () => join(folder, `app-${++number}.log`)
  }

  /** @returns an app that writes its log to the file of its own that is named. */
  take(): { app: SubjectProcess; log: string } {
    const log = this.#spareLog ?? this.#log()
    const app = this.#spare ?? this.#make(log)
    this.#spare = null
    this.#spareLog = null
    this.prepare()
    return { app, log }
  }

  #spareLog: string | null = null

  prepare(): void {
    if (this.#spare) return
    this.#spareLog = this.#log()
    this.#spare = this.#make(this.#spareLog)
  }

  #make(log: string): SubjectProcess {
    for (const app of this.#all) if (app.ended) this.#all.delete(app)
    const app = new SubjectProcess(this.#program, log)
    this.#all.add(app)
    return app
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#all].map((app) => app.kill()))
  }
}
