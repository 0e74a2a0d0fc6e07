/**
 * An assembler that writes a program from its end to its beginning. BPF only jumps forward, so
 * every target is written before the jump to it. A conditional jump reaches at most 255
 * instructions; for a farther target it jumps to an unconditional jump beside it.
 */
import { encodeBpf, type Instruction, type Jump, MAX_INSTRUCTIONS } from './bpf.ts'
import { InvalidOptionError } from '../errors.ts'

/** A written instruction, numbered from the end of the program. */
export type Label = number

const LONGEST_CONDITIONAL = 255

export class Assembler {
  readonly #reversed: Instruction[] = []
  readonly #returns = new Map<number, Label>()

  /** A return instruction. There is one for each value. */
  return(value: number): Label {
    const known = this.#returns.get(value)
    if (known !== undefined) return known
    const label = this.#push({ op: 'return', value })
    this.#returns.set(value, label)
    return label
  }

  jump(op: Jump, value: number, yes: Label, no: Label): Label {
    if (yes === no) return yes
    // An unconditional jump for one target moves the other target one instruction away. So each is
    // checked as if the other needed one.
    const near = (label: Label): boolean => this.#skipTo(label) + 1 <= LONGEST_CONDITIONAL
    const nearNo = near(no) ? no : this.#push({ op: 'ja', skip: this.#skipTo(no) })
    const nearYes = near(yes) ? yes : this.#push({ op: 'ja', skip: this.#skipTo(yes) })
    return this.#push({ op, value, yes: this.#skipTo(nearYes), no: this.#skipTo(nearNo) })
  }

  /** Reads a word of seccomp_data and continues at `next`. */
  load(offset: number, next: Label): Label {
    this.#continueAt(next)
    return this.#push({ op: 'load', offset })
  }

  and(value: number, next: Label): Label {
    this.#continueAt(next)
    return this.#push({ op: 'and', value })
  }

  /** The whole program; `start` must be its first instruction. */
  finish(start: Label): Uint8Array {
    this.#continueAt(start)
    if (this.#reversed.length > MAX_INSTRUCTIONS) {
      throw new InvalidOptionError(
        'policy',
        `The policy needs ${this.#reversed.length} instructions; the kernel takes at most ${MAX_INSTRUCTIONS}.`,
        'Use fewer rules or fewer conditions.',
      )
    }
    return encodeBpf(this.#reversed.toReversed())
  }

  #push(instruction: Instruction): Label {
    this.#reversed.push(instruction)
    return this.#reversed.length - 1
  }

  /** How many instructions lie between the next one to be written and `label`. */
  #skipTo(label: Label): number {
    return this.#reversed.length - label - 1
  }

  /** Ensures that the next instruction written continues at `label`. */
  #continueAt(label: Label): void {
    if (this.#skipTo(label) > 0) this.#push({ op: 'ja', skip: this.#skipTo(label) })
  }
}
