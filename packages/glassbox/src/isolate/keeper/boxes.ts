/**
 * The containers of runs: init in its namespaces, whose root is still the host's. Those that are
 * prepared ahead save a run the slowest part of its start. Each is used for one run and then ends,
 * in the background: when init has reported, no process of the run is alive.
 *
 * Owns all containers, from their start to their end.
 */
import { Container } from '../../container/container.ts'
import { bareSetupPlan } from '../../container/setup-plan.ts'
import { DEFAULT_HOSTNAME } from '../../job/box-layout.ts'
import type { Plan } from '../../plan/types.ts'

/** Every box has this first plan, so it is encoded once. */
export const FIRST_PLAN: Plan = bareSetupPlan(DEFAULT_HOSTNAME)

/**
 * Starting a container holds up this thread, so the stock is filled when no call has come lately.
 */
const IDLE_MS = 10

export class Boxes {
  readonly #ready: Container[] = []
  readonly #ending = new Set<Promise<void>>()
  #wanted = 0
  #filling: Promise<void> | undefined
  #idle: NodeJS.Timeout | undefined
  #closed = false

  /** A container for one run, which is given back by `discard`. */
  async take(network: boolean): Promise<Container> {
    const container = network ? this.#ready.shift() : undefined
    if (container) {
      this.#fillLater()
      if (!container.ended) return container
      this.discard(container)
    }
    return Container.openBare(network, FIRST_PLAN)
  }

  /** Ends a container. `close` waits for its end. */
  discard(container: Container): void {
    const ended = container.close().finally(() => this.#ending.delete(ended))
    this.#ending.add(ended)
  }

  /** Keeps `count` containers waiting. Resolves once they do; throws if one cannot be started. */
  async prepare(count: number): Promise<void> {
    this.#wanted = count
    await this.#fill()
  }

  /** An error is reported by the run that has to start its container itself. */
  #fillLater(): void {
    if (this.#filling || this.#closed) return
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => {
      this.#fill().catch(() => {})
    }, IDLE_MS)
    this.#idle.unref()
  }

  #fill(): Promise<void> {
    this.#filling ??= this.#fillNow().finally(() => (this.#filling = undefined))
    return this.#filling
  }

  async #fillNow(): Promise<void> {
    while (!this.#closed && this.#ready.length < this.#wanted) {
      const container = await Container.openBare(true, FIRST_PLAN)
      try {
        await container.ready
      } catch (error) {
        await container.close()
        throw error
      }
      this.#ready.push(container)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    await this.#filling?.catch(() => {})
    for (const container of this.#ready.splice(0)) this.discard(container)
    await Promise.all(this.#ending)
  }
}
