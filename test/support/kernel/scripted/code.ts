/**
 * The addresses of scripts. A thread that goes on at such an address runs the script from its
 * beginning: a program at its entry, a handler of a signal. No instruction is there: a script is a
 * function of the test.
 */
import type { Child, Script } from './steps.js'

const ENTRIES = 0x40_1000
const HANDLERS = 0x50_0000
const UNIT = 16
/** Where a thread stands that has yielded: an address of its own for each time. */
const STANDS = 0x10_0000_0000
/** The length of the instruction that makes a call. */
const CALL_BYTES = 2

export class Code {
  readonly #entries: Script[] = []
  readonly #handlers: Script[] = []
  readonly #births = new Map<number, Child>()
  #stands = 0

  /** The entry of a program. */
  entry(script: Script): number {
    return ENTRIES + UNIT * indexIn(this.#entries, script)
  }

  handler(script: Script): number {
    return HANDLERS + UNIT * indexIn(this.#handlers, script)
  }

  programAt(ip: number): Script | undefined {
    return this.#entries[(ip - ENTRIES) / UNIT]
  }

  handlerAt(ip: number): Script | undefined {
    return this.#handlers[(ip - HANDLERS) / UNIT]
  }

  /** An address behind a call. A new thread that begins there is `child`. */
  stand(child: Child | undefined): number {
    const ip = STANDS + UNIT * ++this.#stands
    if (child) this.#births.set(ip, child)
    return ip
  }

  /** What a new thread begins with. */
  childAt(ip: number): Child | undefined {
    return this.#births.get(ip)
  }

  /** Where a thread goes on that makes the call again, behind which `ip` is. */
  again(ip: number): number {
    return ip - CALL_BYTES
  }
}

function indexIn(scripts: Script[], script: Script): number {
  const known = scripts.indexOf(script)
  return known >= 0 ? known : scripts.push(script) - 1
}
