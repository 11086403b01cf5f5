import 'server-only'
import { isLibvirtError } from 'node-libvirt'
import type { HostConnection } from './host-connection.ts'
import type { KnownVm } from './inventory.ts'

export type AgentAnswer = 'answers' | 'not configured' | 'does not answer' | 'frozen' | 'vm not running'
export interface AgentReading {
  agent: AgentAnswer
  /** File systems that a freeze would take; null when the agent did not say. */
  fileSystems: number | null
}

/** An answer of the agent is shared for this long. */
const AGENT_AGE_MS = 10_000
/** libvirt waits 5 s for an agent by default; a little longer, so that its own word arrives first. */
const PROBE_DEADLINE_MS = 8_000

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
      // GetFSInfo is how a freeze is seen (LIBVIRT.md, “Freezing”); it needs a read-write connection.
      const fileSystems = await this.#connection.operate(async (connect) =>
        (await connect.domainLookupByUUID(uuid)).getFSInfo({ deadlineMs: PROBE_DEADLINE_MS }),
      )
      this.#frozen.delete(uuid)
      return { agent: 'answers', fileSystems: fileSystems.length }
    } catch (error) {
      if (!isLibvirtError(error) || !/frozen/i.test(error.message))
        return { agent: 'does not answer', fileSystems: null }
      this.#frozen.add(uuid)
      return { agent: 'frozen', fileSystems: null }
    }
  }
}
