import 'server-only'
import { isConnectionError, isLibvirtError, VIR_ERR_OPERATION_TIMEOUT, type Domain } from 'node-libvirt'
import type { HostConnection } from './host-connection.ts'

/** How long a VM whose QEMU did not answer is left alone. */
const HUNG_PAUSE_MS = 15_000
/** VMs asked at once: what waits here does not run into its deadline, however many VMs there are. */
const AT_ONCE = 4

/** The VM's QEMU does not answer; what libvirt knows without it still does. */
export class VmHung extends Error {
  override name = 'VmHung'
}

/**
 * Calls that hang with their VM (XML, block jobs), one at a time for each VM: four hung calls would fill the connection
 * (LIBVIRT.md, “Load”), so a sick VM takes one place and is then left alone for a while.
 */
export class VmInspection {
  readonly #connection: HostConnection
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #hungUntilMs = new Map<string, number>()
  readonly #waiting: (() => void)[] = []
  #running = 0
  constructor(connection: HostConnection) {
    this.#connection = connection
  }

  isHung(uuid: string): boolean {
    return (this.#hungUntilMs.get(uuid) ?? 0) > Date.now()
  }

  /** Runs `run` in this VM's turn. Throws VmHung, HostDown or LibvirtError. */
  inspect<T>(uuid: string, run: (domain: Domain) => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(uuid) ?? Promise.resolve()).then(() => this.#run(uuid, run))
    const settled = turn.catch(() => undefined)
    this.#turns.set(uuid, settled)
    void settled.then(() => {
      if (this.#turns.get(uuid) === settled) this.#turns.delete(uuid)
    })
    return turn
  }

  async #run<T>(uuid: string, run: (domain: Domain) => Promise<T>): Promise<T> {
    if (this.isHung(uuid)) throw new VmHung('QEMU of this VM does not answer')
    await this.#enter()
    try {
      const connect = await this.#connection.inspector()
      const result = await run(connect.domainReference(uuid))
      this.#hungUntilMs.delete(uuid)
      return result
    } catch (error) {
      const timedOut = isConnectionError(error) && error.reason === 'timeout'
      if (!timedOut && !isLibvirtError(error, VIR_ERR_OPERATION_TIMEOUT)) throw error
      this.#hungUntilMs.set(uuid, Date.now() + HUNG_PAUSE_MS)
      throw new VmHung('QEMU of this VM does not answer', { cause: error })
    } finally {
      this.#leave()
    }
  }

  async #enter(): Promise<void> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running++
  }

  /** The place goes to the next one that waits. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#running--
  }
}
