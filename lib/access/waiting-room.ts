/** Holds tries for a while, no more than a few at once: each holds a connection. */
export class WaitingRoom {
  readonly #places: number
  readonly #placesPerName: number
  readonly #waiting = new Map<string, number>()
  #count = 0

  constructor(places: number, placesPerName: number) {
    this.#places = places
    this.#placesPerName = placesPerName
  }

  /** Resolves to true after `delayMs`, or at once to false when there is no place. */
  async wait(name: string, delayMs: number): Promise<boolean> {
    if (delayMs <= 0) return true
    const ofName = this.#waiting.get(name) ?? 0
    if (this.#count >= this.#places || ofName >= this.#placesPerName) return false
    this.#count += 1
    this.#waiting.set(name, ofName + 1)
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    this.#count -= 1
    const left = this.#waiting.get(name)! - 1
    if (left > 0) this.#waiting.set(name, left)
    else this.#waiting.delete(name)
    return true
  }
}
