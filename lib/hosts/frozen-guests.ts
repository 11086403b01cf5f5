import 'server-only'
import type { HostConnection } from './host-connection.ts'
import type { KnownVm } from './inventory.ts'
import { readFreeze } from './read-freeze.ts'

export type AgentAnswer =
  'answers' | 'not configured' | 'does not answer' | 'no freeze' | 'frozen' | 'vm not running'
export interface AgentReading {
  agent: AgentAnswer
  /** File systems that a freeze would take; null when the agent did not say, or can’t. */
  fileSystems: number | null
}

/** An answer of the agent is shared for this long. */
const AGENT_AGE_MS = 10_000
/** As long as libvirt waits for an agent by default. */
const PROBE_WAIT_SECONDS = 5

/** What is known of the guest agents of a host's VMs, and which guests are frozen. */
export class FrozenGuests {
  /** Guests that an operation of this process freezes now. */
  readonly holding = new Set<string>()
  readonly #readings = new Map<string, { atMs: number; reading: Promise<AgentReading> }>()
  readonly #frozen = new Set<string>()
  readonly #thawing = new Map<string, Promise<boolean>>()
  readonly #connection: HostConnection
  constructor(connection: HostConnection) {
    this.#connection = connection
  }

  isFrozen(uuid: string): boolean {
    return this.#frozen.has(uuid)
  }

  /** Set by who froze it, or saw it. */
  setFrozen(uuid: string, frozen: boolean): void {
    if (frozen) this.#frozen.add(uuid)
    else this.#frozen.delete(uuid)
    this.#readings.delete(uuid)
  }

  /** Runs one thaw of a guest; who asks meanwhile waits for the same one. */
  thaw(uuid: string, run: () => Promise<boolean>): Promise<boolean> {
    const running = this.#thawing.get(uuid)
    if (running) return running
    const thaw = run().finally(() => this.#thawing.delete(uuid))
    this.#thawing.set(uuid, thaw)
    return thaw
  }

  /** Resolves when no thaw of ours is under way. */
  async settled(uuid: string): Promise<void> {
    await this.#thawing.get(uuid)
  }

  /** Asks the agent, at most once in 10 s by default. True when the guest's frozen state changed. */
  async probe(vm: KnownVm, maximumAgeMs = AGENT_AGE_MS): Promise<boolean> {
    const before = this.isFrozen(vm.uuid)
    await this.read(vm, maximumAgeMs)
    return before !== this.isFrozen(vm.uuid)
  }

  /** The agent's answer, at most 10 s old. Never throws: no answer is an answer. */
  read(vm: KnownVm, maximumAgeMs = AGENT_AGE_MS): Promise<AgentReading> {
    if (!vm.running || vm.state !== 'running')
      return Promise.resolve({ agent: 'vm not running', fileSystems: null })
    if (!vm.description?.hasAgentChannel)
      return Promise.resolve({ agent: 'not configured', fileSystems: null })
    const known = this.#readings.get(vm.uuid)
    if (known && Date.now() - known.atMs <= maximumAgeMs) return known.reading
    const reading = this.#ask(vm.uuid)
    this.#readings.set(vm.uuid, { atMs: Date.now(), reading })
    return reading
  }

  async #ask(uuid: string): Promise<AgentReading> {
    try {
      // Calls to an agent need a read-write connection.
      const reading = await this.#connection.operate(async (connect) =>
        readFreeze(await connect.domainLookupByUUID(uuid), PROBE_WAIT_SECONDS),
      )
      if (reading.state === 'frozen') {
        this.#frozen.add(uuid)
        return { agent: 'frozen', fileSystems: null }
      }
      this.#frozen.delete(uuid)
      return reading.state === 'thawed'
        ? { agent: 'answers', fileSystems: reading.fileSystems }
        : { agent: 'no freeze', fileSystems: null }
    } catch {
      return { agent: 'does not answer', fileSystems: null }
    }
  }
}
