import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A peer that answers lines: started and connected before the clock runs, so that only calls are compared. */
export interface LineProcess {
  write(text: string): void
  /** The first line to come that holds the text. */
  lineWith(text: string): Promise<string>
  /** Resolves when it is gone: it must not outlive its daemon. */
  end(): Promise<void>
}

export function startLineProcess(command: string, args: string[]): LineProcess {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const waiting: { text: string; resolve: (line: string) => void; reject: (error: Error) => void }[] = []
  let ended: Error | null = null
  const fail = (error: Error) => {
    ended = error
    for (const each of waiting.splice(0)) each.reject(error)
  }
  child.on('error', fail)
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve()))
  child.on('exit', (code) => fail(new Error(`${command} ended (${code})`)))
  child.stdin.on('error', () => undefined)
  createInterface({ input: child.stdout }).on('line', (line) => {
    const first = waiting[0]
    if (first && line.includes(first.text)) waiting.shift()!.resolve(line)
  })
  return {
    write: (text) => void child.stdin.write(text),
    lineWith: (text) =>
      new Promise((resolve, reject) => {
        if (ended) reject(ended)
        else waiting.push({ text, resolve, reject })
      }),
    end() {
      child.stdin.end()
      return gone
    },
  }
}
