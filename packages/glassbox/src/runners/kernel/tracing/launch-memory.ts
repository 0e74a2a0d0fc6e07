/**
 * The execve that begins a world. No guest has made it, so its arguments are laid out here as a
 * launcher would have them in its memory: the path, the arrays of arguments and variables, the
 * strings.
 */
import { bytesOfPath } from '../../../linux/path-bytes.ts'

/** In the stack of a launcher that does not exist. */
const BASE = 0x7ffc_0000_0000n
const WORD = 8

export interface Launched {
  readonly path: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export class LaunchMemory {
  /** The path, argv and envp of execve(2). */
  readonly args: readonly bigint[]
  readonly #bytes: Uint8Array

  constructor({ path, argv, env }: Launched) {
    const lists = [argv, Object.entries(env).map(([name, value]) => `${name}=${value}`)]
    const strings = [path, ...lists.flat()].map(text => Buffer.concat([bytesOfPath(text), Buffer.of(0)]))
    const arrays = lists.reduce((sum, list) => sum + list.length + 1, 0) * WORD
    this.#bytes = Buffer.concat([new Uint8Array(arrays), ...strings])
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset)
    let at = BASE + BigInt(arrays)
    const addresses = strings.map(({ length }) => {
      const own = at
      at += BigInt(length)
      return own
    })
    const [first = BASE, ...rest] = addresses
    // An array ends with a null pointer, which is there already.
    rest.forEach((address, index) =>
      view.setBigUint64((index < argv.length ? index : index + 1) * WORD, address, true),
    )
    this.args = [first, BASE, BASE + BigInt((argv.length + 1) * WORD), 0n, 0n, 0n]
  }

  /** `undefined` if the address is elsewhere. */
  read(address: bigint, length: number): Uint8Array | undefined {
    const at = Number(address - BASE)
    return at < 0 || at >= this.#bytes.length ? undefined : this.#bytes.slice(at, at + length)
  }
}
