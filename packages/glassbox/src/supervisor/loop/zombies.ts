/**
 * Ended processes of a program for which no parent has waited yet. The kernel keeps their ids, so
 * they count as processes: otherwise a program could take all ids of the host. Most are waited for
 * at once, so the kernel is asked only if the number matters.
 */
import { readFileSync } from 'node:fs'

function isZombie(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false // it is gone
  }
}

export class Zombies {
  /** Ended processes. Their ids may belong to others by now. */
  readonly #ended = new Set<number>()

  add(pid: number): void {
    this.#ended.add(pid)
  }

  /** Whether there are so many at least. */
  areAtLeast(count: number): boolean {
    if (count <= 0) return true
    if (this.#ended.size < count) return false
    for (const pid of this.#ended) if (!isZombie(pid)) this.#ended.delete(pid)
    return this.#ended.size >= count
  }
}
