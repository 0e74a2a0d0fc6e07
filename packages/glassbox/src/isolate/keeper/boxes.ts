/**
 * The containers of runs: init in its namespaces, whose root is still the host's. Those that are
 * prepared ahead save a run the slowest part of its start, the network namespace.
 */
import { Container } from '../../container/container.ts'
import { bareSetupPlan } from '../../container/setup-plan.ts'
import { DEFAULT_HOSTNAME } from '../../job/box-layout.ts'
import type { Plan } from '../../plan/types.ts'

/** Every box has this first plan, so it is encoded once. */
export const FIRST_PLAN: Plan = bareSetupPlan(DEFAULT_HOSTNAME)

export class Boxes {
  readonly #ready: Container[] = []
  #closed = false

  /** A container for one run, which closes it. */
  async take(network: boolean): Promise<Container> {
    const container = network ? this.#ready.shift() : undefined
    if (container && !container.ended) return container
    await container?.close()
    return Container.openBare(network, FIRST_PLAN)
  }

  /** Resolves once `count` containers wait. */
  async prepare(count: number): Promise<void> {
    while (!this.#closed && this.#ready.length < count) {
      const container = await Container.openBare(true, FIRST_PLAN)
      try {
        await container.ready
      } catch (error) {
        await container.close()
        throw error
      }
      if (this.#closed) await container.close()
      else this.#ready.push(container)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#ready.splice(0).map(container => container.close()))
  }
}
