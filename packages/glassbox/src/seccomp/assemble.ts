/**
 * An assembler that writes a program from its end to its beginning. BPF only jumps forward, so
 * every target is written before the jump to it. A conditional jump reaches at most 255
 * instructions; for a farther target it jumps to an instruction nearby that does the same: a copy
 * of a return, or an unconditional jump.
 */
import { encodeBpf, type Instruction, type Jump, MAX_INSTRUCTIONS } from './bpf.ts'
import { InvalidOptionError } from '../errors.ts'

/**
 * A written instruction, numbered from the end of the program. A negative one is a load that is
 * written only if something jumps to it (see `load`).
 */
export type Label = number

/** A load and what follows it. `written`: its place in the program. */
interface Load {
  readonly offset: number
  readonly next: Label
  written?: Label
}

const LONGEST_CONDITIONAL = 255

export class Assembler {
  readonly #reversed: Instruction[] = []
  readonly #returns = new Map<number, Label>()
  /** By target: the last instruction that does what the target does. */
  readonly #nearest = new Map<Label, Label>()
  readonly #loads: Load[] = []

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
    const [whenNo, whenYes] = [this.place(no), this.place(yes)]
    const nearNo = this.#near(whenNo)
    const nearYes = this.#near(whenYes)
    return this.#push({ op, value, yes: this.#skipTo(nearYes), no: this.#skipTo(nearNo) })
  }

  /**
   * Reads a word of seccomp_data and continues at `next`. What jumps to it and has the word
   * already continues at `next` instead (`withLoaded`), so it may never be needed.
   */
  load(offset: number, next: Label): Label {
    this.#loads.push({ offset, next })
    return -this.#loads.length
  }

  /** Where to go on at `label` if the accumulator holds that word already. */
  withLoaded(offset: number, label: Label): Label {
    const load = this.#loads[-label - 1]
    return load?.offset === offset ? load.next : label
  }

  /** The place of a label in the program. A load that has none is written now. */
  place(label: Label): Label {
    const load = this.#loads[-label - 1]
    if (!load) return label
    if (load.written !== undefined) return load.written
    this.#continueAt(load.next)
    return (load.written = this.#push({ op: 'load', offset: load.offset }))
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

  /**
   * What a conditional jump can reach of the instructions that do what `label` does. Another
   * instruction may be written before the jump, for its other target.
   */
  #near(label: Label): Label {
    const reaches = (target: Label): boolean => this.#skipTo(target) + 1 <= LONGEST_CONDITIONAL
    if (reaches(label)) return label
    const known = this.#nearest.get(label)
    if (known !== undefined && reaches(known)) return known
    const target = this.#reversed[label]
    const added = this.#push(target?.op === 'return' ? target : { op: 'ja', skip: this.#skipTo(label) })
    this.#nearest.set(label, added)
    return added
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
    const place = this.place(label)
    if (this.#skipTo(place) > 0) this.#push({ op: 'ja', skip: this.#skipTo(place) })
  }
}
