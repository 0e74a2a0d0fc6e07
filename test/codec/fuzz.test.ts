/**
 * Random registers and random memory for every call of every ABI: whatever the bytes say, there
 * are a text, values and JSON, soon, and not without bound.
 *
 * `GLASSBOX_FUZZ_SECONDS` says for how long, 60 by default. All that time it takes the lowest
 * priority, and the runner starts it beside the other files (scripts/run-tests.mjs), so that it
 * uses what they leave. What a call costs is measured in CPU time, which does not depend on them.
 */
import assert from 'node:assert/strict'
import { constants, setPriority } from 'node:os'
import { test } from 'node:test'
import type { MemoryReader } from '#glassbox/codec/memory.js'
import { entryText, exitText } from '#glassbox/decode/decode.js'
import type { Abi } from '#glassbox/decode/types.js'
import { entryValues, exitValues } from '#glassbox/decode/values.js'
import { syscallOf } from '#glassbox/linux/abi.js'
import { COMMANDS } from '#glassbox/linux/generated/commands.js'
import { REQUEST_ARGUMENTS, SELECTED_ARGUMENTS } from '#glassbox/linux/generated/selections.js'
import { selectionOf } from '#glassbox/linux/selections.js'
import { jsonValue } from '#glassbox/strace/formats/json-value.js'

const SECONDS = Number(process.env['GLASSBOX_FUZZ_SECONDS'] ?? 60)
/** The same calls in each run of all tests; other seeds look for new faults. */
const USUAL_SEED = 16
/** CPU time of one call. One that never ends is what is looked for. */
const MOST_US = 5_000_000
/** Of the text of one call, and of its JSON. The memory that the text is made from has 12 KiB. */
const MOST_CHARACTERS = 8 << 20

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
const TIMES = 10

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

const BYTES = 3 * 4096
/** Where the memory is: for pointers of 64 bits and of 32. */
const BASES: Readonly<Record<Abi, bigint>> = {
  x86_64: 0x7f00_0000_0000n,
  x32: 0xf700_0000n,
  i386: 0xf700_0000n,
}

/**
 * Pages of random words, many of them small numbers or addresses of the same pages; nothing after.
 */
class Hostile implements MemoryReader {
  readonly #bytes = new Uint8Array(BYTES)
  readonly #random: () => number
  readonly #base: bigint
  readonly #width: 4 | 8

  constructor(random: () => number, abi: Abi) {
    this.#random = random
    this.#base = BASES[abi]
    this.#width = abi === 'x86_64' ? 8 : 4
    const view = new DataView(this.#bytes.buffer)
    for (let at = 0; at < BYTES; at += this.#width)
      if (this.#width === 8) view.setBigUint64(at, this.word(), true)
      else view.setUint32(at, Number(this.word() & 0xffffffffn), true)
  }

  word(): bigint {
    const random = this.#random
    const kind = Math.floor(random() * 8)
    const any = (): bigint => BigInt(Math.floor(random() * 2 ** 32))
    const bits = this.#width * 8
    if (kind < 3) return BigInt(Math.floor(random() * 64))
    if (kind === 3) return this.#base + BigInt(Math.floor(random() * BYTES))
    if (kind === 4) return (1n << BigInt(bits - 1)) | BigInt.asUintN(bits - 1, any())
    if (kind === 5) return (1n << BigInt(bits)) - BigInt(1 + Math.floor(random() * 5000))
    return BigInt.asUintN(bits, (any() << 32n) | any())
  }

  read(address: bigint, length: number): Uint8Array {
    const offset = address - this.#base
    if (offset < 0n || offset >= BigInt(BYTES)) return new Uint8Array(0)
    // What another thread writes while it is read.
    this.#bytes[Math.floor(this.#random() * BYTES)] = Math.floor(this.#random() * 256)
    return this.#bytes.subarray(Number(offset), Number(offset) + length)
  }
}

interface Command {
  readonly argument: number
  readonly values: readonly bigint[]
}

/** The values of an argument that change what the others are, by the name of the call. */
function commandsOf(): ReadonlyMap<string, readonly Command[]> {
  const commands = new Map<string, Command[]>()
  const add = (name: string, command: Command): void => {
    if (command.values.length > 0) commands.set(name, [...(commands.get(name) ?? []), command])
  }
  for (const [name, { argument, shift = 0, shapes }] of Object.entries(COMMANDS))
    add(name, { argument, values: shapes().map(([value]) => BigInt(value) << BigInt(shift)) })
  for (const name of Object.keys(SELECTED_ARGUMENTS)) {
    const selection = selectionOf(name)
    if (selection) add(name, { argument: selection.by, values: [...selection.kinds.keys()].map(BigInt) })
  }
  add('ioctl', { argument: 1, values: Object.keys(REQUEST_ARGUMENTS).map(BigInt) })
  return commands
}

interface Case {
  readonly nr: number
  readonly abi: Abi
  readonly name: string
}

/** Every call of every ABI. */
const MOST_NUMBER = 600
const CASES: readonly Case[] = (['x86_64', 'i386', 'x32'] as const)
  .flatMap(abi =>
    Array.from({ length: MOST_NUMBER }, (_, nr) => ({
      nr,
      abi,
      name: syscallOf(nr, abi)?.name ?? '',
    })).filter(({ name }) => name !== ''),
  )
  .flatMap(each => Array.from({ length: MANY_FORMS.includes(each.name) ? TIMES : 1 }, () => each))

const pick = <Item>(items: readonly Item[], random: () => number): Item | undefined =>
  items[Math.floor(random() * items.length)]

const cpuTime = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

test(`random memory behind every call, for ${SECONDS} s`, () => {
  setPriority(constants.priority.PRIORITY_LOW)
  const seed = Number(process.env['GLASSBOX_FUZZ_SEED'] ?? USUAL_SEED)
  const random = generator(seed)
  const commands = commandsOf()
  const end = Date.now() + SECONDS * 1000
  const slowest = { call: '', us: 0 }
  let count = 0
  do {
    const memories = {
      x86_64: new Hostile(random, 'x86_64'),
      i386: new Hostile(random, 'i386'),
      x32: new Hostile(random, 'x32'),
    }
    for (const { nr, abi, name } of CASES) {
      const memory = memories[abi]
      const args = Array.from({ length: 6 }, () => memory.word())
      const command = random() < 0.9 ? pick(commands.get(name) ?? [], random) : undefined
      if (command) args[command.argument] = pick(command.values, random) ?? 0n
      if (name.endsWith('sockopt') && random() < 0.8) [args[1], args[2]] = pick(OPTIONS, random) ?? [0n, 0n]
      const call = { nr, args, stackPointer: memory.word(), abi }
      const outcome =
        random() < 0.3
          ? { value: -14n, failed: true }
          : { value: BigInt.asIntN(64, memory.word()), failed: false }
      const protocol = pick(PROTOCOLS, random)
      const netlink = (): number | undefined => protocol
      const options = { full: random() < 0.5, stringLimit: 64, netlink }
      const told = `${abi} ${name}(${args.map(arg => `0x${arg.toString(16)}`).join(', ')})`
      const before = cpuTime()
      try {
        const entered = entryText(call, memory, options)
        const left = exitText(call, entered, outcome, memory, options)
        const first = entryValues(call, memory, 64, netlink)
        const values = exitValues(call, first, outcome, memory, 64, netlink)
        const json = JSON.stringify(jsonValue(values))
        for (const text of [left.rest, left.result, json]) assert.ok(text.length < MOST_CHARACTERS)
      } catch (error) {
        throw new Error(`seed ${seed}: ${told}`, { cause: error })
      }
      const us = cpuTime() - before
      if (us > slowest.us) Object.assign(slowest, { call: told, us })
      count++
    }
  } while (Date.now() < end)
  assert.ok(slowest.us < MOST_US, `seed ${seed}: ${slowest.call} took ${slowest.us} µs`)
  assert.ok(count >= CASES.length)
  console.log(`# ${count} calls, the slowest ${Math.round(slowest.us / 1000)} ms: ${slowest.call}`)
})
