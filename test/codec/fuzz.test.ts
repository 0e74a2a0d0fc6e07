/**
 * Random registers and random memory for every call: whatever the bytes say, there is a text and a
 * value, soon. `GLASSBOX_FUZZ_SECONDS` says for how long; by default a few seconds.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemoryReader } from '#glassbox/codec/memory.js'
import { entryText, exitText } from '#glassbox/decode/decode.js'
import { entryValues, exitValues } from '#glassbox/decode/values.js'
import { jsonValue } from '#glassbox/strace/formats/json-value.js'
import { REQUEST_ARGUMENTS, SELECTED_ARGUMENTS } from '#glassbox/linux/generated/selections.js'
import { COMMANDS } from '#glassbox/linux/generated/commands.js'
import { allSyscalls, syscallByName } from '#glassbox/linux/syscalls.js'

const SECONDS = Number(process.env['GLASSBOX_FUZZ_SECONDS'] ?? 4)
/** Of one call. A busy machine is slow; one that never ends is what is looked for. */
const MOST_MS = 5000

/** A generator whose seed is printed, so that a failure can be seen again. */
function generator(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Calls whose arguments have many forms are called more often. */
const MANY_FORMS = ['ioctl', 'bpf', 'io_uring_register', 'sendto', 'recvfrom', 'getsockopt', 'setsockopt']
type Call = ReturnType<typeof allSyscalls>[number]

/** Socket options that are structs or lists. */
const OPTIONS: readonly (readonly [level: bigint, name: bigint])[] = [
  ...([
    [0n, 35n],
    [1n, 13n],
    [1n, 17n],
    [1n, 26n],
    [41n, 20n],
    [255n, 1n],
  ] as const),
  ...([
    [263n, 1n],
    [263n, 5n],
    [263n, 6n],
    [270n, 9n],
    [1n, 4n],
  ] as const),
]
/** None, NETLINK_ROUTE, SOCK_DIAG, SELINUX, NETFILTER, CRYPTO. */
const PROTOCOLS = [undefined, 0, 4, 7, 12, 21]

const BASE = 0x7f00_0000_0000n
const BYTES = 3 * 4096

/**
 * Pages of random words, many of them small numbers or addresses of the same pages; nothing after.
 */
class Hostile implements MemoryReader {
  readonly #bytes = new Uint8Array(BYTES)
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
    const view = new DataView(this.#bytes.buffer)
    for (let at = 0; at < BYTES; at += 8) view.setBigUint64(at, this.word(), true)
  }

  word(): bigint {
    const random = this.#random
    const kind = Math.floor(random() * 8)
    const any = (): bigint => BigInt(Math.floor(random() * 2 ** 32))
    if (kind < 3) return BigInt(Math.floor(random() * 64))
    if (kind === 3) return BASE + BigInt(Math.floor(random() * BYTES))
    if (kind === 4) return (1n << 63n) | any()
    if (kind === 5) return 2n ** 64n - BigInt(Math.floor(random() * 5000))
    return (any() << 32n) | any()
  }

  read(address: bigint, length: number): Uint8Array {
    const offset = address - BASE
    if (offset < 0n || offset >= BigInt(BYTES)) return new Uint8Array(0)
    // What another thread writes while it is read.
    this.#bytes[Math.floor(this.#random() * BYTES)] = Math.floor(this.#random() * 256)
    return this.#bytes.subarray(Number(offset), Number(offset) + length)
  }
}

test(`random memory behind every call, for ${SECONDS} s`, () => {
  const seed = Number(process.env['GLASSBOX_FUZZ_SEED'] ?? Date.now() % 2 ** 31)
  const random = generator(seed)
  const calls = [
    ...allSyscalls(),
    ...MANY_FORMS.flatMap(name => Array(20).fill(syscallByName(name)) as Call[]),
  ]
  const commands = new Map(
    Object.entries(COMMANDS).map(([name, { argument, shift = 0, shapes }]) => [
      name,
      { argument, values: shapes().map(([value]) => BigInt(value) << BigInt(shift)) },
    ]),
  )
  const requests = Object.keys(REQUEST_ARGUMENTS).map(BigInt)
  for (const [name, { by, selected }] of Object.entries(SELECTED_ARGUMENTS))
    commands.set(name, { argument: by, values: selected().map(([value]) => BigInt(value)) })
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  const end = Date.now() + SECONDS * 1000
  let count = 0
  let slowest = ''
  let most = 0
  do {
    const memory = new Hostile(random)
    for (const { nr, name } of calls) {
      const args = Array.from({ length: 6 }, () => memory.word())
      const command = commands.get(name)
      if (command && random() < 0.9) args[command.argument] = pick(command.values) ?? 0n
      if (name === 'ioctl' && random() < 0.8) args[1] = pick(requests) ?? 0n
      if (name.endsWith('sockopt') && random() < 0.8) [args[1], args[2]] = pick(OPTIONS) ?? [0n, 0n]
      const call = {
        nr,
        args,
        stackPointer: memory.word(),
        abi: random() < 0.1 ? ('i386' as const) : ('x86_64' as const),
      }
      const outcome =
        random() < 0.3
          ? { value: -14n, failed: true }
          : { value: BigInt.asIntN(64, memory.word()), failed: false }
      const protocol = pick(PROTOCOLS)
      const netlink = (): number | undefined => protocol
      const options = { full: random() < 0.5, stringLimit: 64, netlink }
      const start = performance.now()
      try {
        const entered = entryText(call, memory, options)
        const left = exitText(call, entered, outcome, memory, options)
        assert.equal(typeof left.rest, 'string')
        const before = entryValues(call, memory, 64, netlink)
        JSON.stringify(jsonValue(exitValues(call, before, outcome, memory, 64, netlink)))
      } catch (error) {
        throw new Error(`seed ${seed}: ${name}(${args.map(arg => `0x${arg.toString(16)}`).join(', ')})`, {
          cause: error,
        })
      }
      const took = performance.now() - start
      if (took > most)
        [most, slowest] = [took, `${name}(${args.map(arg => `0x${arg.toString(16)}`).join(', ')})`]
      count++
    }
  } while (Date.now() < end)
  assert.ok(most < MOST_MS, `seed ${seed}: ${slowest} took ${most} ms`)
  assert.ok(count >= calls.length)
  console.log(`# ${count} calls, the slowest ${Math.round(most)} ms: ${slowest}`)
})
