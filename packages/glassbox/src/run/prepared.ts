/**
 * The next program of a box before it is known: an account of its own, and a child of init that sits in it and waits. Made
 * ahead of time, so that a launch waits for nothing: on cgroup v1, entering a group after a pause costs up to 12 ms.
 *
 * Owns the account until `release`; the child ends with the program that it becomes, or with the next request to init.
 */
import type { Container } from '../container/container.ts'
import { type Account, openAccount } from './accounting.ts'
import type { Limits } from './options.ts'
import { LEAST_MEMORY_BYTES } from './verdict.ts'

export class Prepared {
  readonly account: Account
  /** Rejects where the child could not be made. */
  readonly waiting: Promise<void>
  #limits: Required<Limits>

  /** `limits` are laid on before the child is made. */
  constructor(container: Container, limits: Required<Limits>) {
    this.account = openAccount(container, kernelLimits(limits))
    this.#limits = limits
    const { joins, directory } = this.account
    const fds = directory === undefined ? joins : [...joins, directory]
    this.waiting = container.prepare({ joins: joins.length, bornInCgroup: directory !== undefined }, fds)
    this.waiting.catch(() => {}) // told by whoever launches
  }

  limit(limits: Required<Limits>): void {
    const { memoryBytes, processes } = this.#limits
    if (limits.memoryBytes === memoryBytes && limits.processes === processes) return
    this.#limits = limits
    this.account.limit(kernelLimits(limits))
  }

  /** Ends what is in the account and removes it. */
  release(): Promise<void> {
    return this.account.release()
  }
}

const kernelLimits = (limits: Required<Limits>): Required<Limits> => ({
  ...limits,
  memoryBytes: Math.max(limits.memoryBytes, LEAST_MEMORY_BYTES),
})
