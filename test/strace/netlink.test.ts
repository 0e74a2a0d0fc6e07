/**
 * Netlink messages are told as strace tells them: heads, families, attributes and what they nest;
 * lengths that are wrong, values that are too short, memory that ends. Nothing is really sent.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { differing } from './support/newer.js'
import { noStrace, OURS, runTracer, THEIRS } from './support/strace.js'
import { readFileSync } from 'node:fs'

/** The tables are those of 6.1. */
const version = /version ([\d.]+)/.exec(spawnSync('strace', ['-V'], { encoding: 'utf8' }).stdout)?.[1]
const otherStrace = noStrace || (version !== '6.1' && 'strace is not 6.1')

const words = (...numbers: readonly (readonly [value: number, bytes: 1 | 2 | 4])[]): Buffer =>
  Buffer.concat(
    numbers.map(([value, bytes]) => {
      const part = Buffer.alloc(bytes)
      part.writeUIntLE(value, 0, bytes)
      return part
    }),
  )

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])

const attribute = (type: number, value: Buffer): Buffer =>
  padded(Buffer.concat([words([4 + value.length, 2], [type, 2]), value]))

function message(type: number, flags: number, payload: Buffer, length = 16 + payload.length): Buffer {
  return Buffer.concat([words([length, 4], [type, 2], [flags, 2], [1, 4], [0, 4]), payload])
}

const VALUES: readonly Buffer[] = [
  Buffer.from([...Array.from({ length: 40 }, (_, index) => index + 1)]),
  Buffer.from('eth0\0'),
  Buffer.from('eth0'),
  Buffer.from([1]),
  Buffer.from([2, 0, 0, 0]),
  Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]),
]

/** Heads of messages of NETLINK_ROUTE that ask, by their types. */
const HEADS: Readonly<Record<number, Buffer>> = {
  18: words([0, 2], [1, 2], [1, 4], [0x41, 4], [0xffffffff, 4]),
  22: words([2, 1], [24, 1], [0x80, 1], [253, 1], [1, 4]),
  26: words([2, 1], [24, 1], [16, 1], [4, 1], [254, 1], [2, 1], [253, 1], [1, 1], [0x100, 4]),
  30: words([2, 4], [1, 4], [2, 2], [8, 1], [1, 1]),
  34: words([2, 1], [24, 1], [0, 1], [0, 1], [254, 1], [0, 2], [1, 1], [1, 4]),
  38: words([0, 4], [1, 4], [2, 4], [3, 4], [4, 4]),
  66: words([2, 4]),
  74: words([2, 1], [0, 1], [24, 1], [1, 1], [1, 4], [7, 4]),
  82: words([2, 4]),
}

/** Attributes that strace takes apart in ways that are not told here: see docs/tracing.md. */
const NOT_TOLD: Readonly<Record<number, readonly number[]>> = {
  18: [18, 22, 52, 61, 62],
  26: [9],
  30: [12],
  34: [22],
}

const ROUTE: readonly Buffer[] = Object.entries(HEADS).flatMap(([type, head]) => [
  message(Number(type), 0x301, head),
  message(Number(type) - 2, 0x701, head),
  message(Number(type), 0x301, head.subarray(0, 2)),
  ...Array.from({ length: 60 }, (_, index) => index)
    .filter(index => !NOT_TOLD[Number(type)]?.includes(index))
    .flatMap(index =>
      VALUES.map(value => message(Number(type), 0x301, Buffer.concat([head, attribute(index, value)]))),
    ),
  message(
    Number(type),
    0x301,
    Buffer.concat([head, attribute(0x8001, Buffer.from([1, 2, 3, 4])), attribute(0x4002, Buffer.alloc(4))]),
  ),
])

const LINK = HEADS[18] ?? Buffer.alloc(0)
const NESTED: readonly Buffer[] = ['bridge\0', 'tun\0', 'veth\0'].flatMap(kind =>
  Array.from({ length: 40 }, (_, index) =>
    message(
      18,
      0x301,
      Buffer.concat([
        LINK,
        attribute(
          18,
          Buffer.concat([
            attribute(1, Buffer.from(kind)),
            attribute(2, attribute(index, VALUES[4] ?? Buffer.alloc(0))),
          ]),
        ),
      ]),
    ),
  ),
)

const diag = (family: number, size: number, type: number): readonly Buffer[] =>
  [0, 2].map(fill => {
    const bytes = Buffer.alloc(size)
    for (let at = 4; at < size; at += 4) bytes[at] = fill
    bytes[0] = family
    return message(type, 0x301, bytes)
  })

const GENERAL: readonly Buffer[] = [
  ...[0, 1, 2, 3, 4, 5, 16, 18, 20, 0xffff].map(type => message(type, 0x301, Buffer.alloc(4))),
  message(18, 0x301, Buffer.alloc(0)),
  message(18, 0xffff, Buffer.from('abcd')),
  message(3, 2, Buffer.from([0xfe, 0xff, 0xff, 0xff])),
  message(2, 0, Buffer.concat([words([0xfffffffe, 4]), message(18, 5, Buffer.from('abcd'))])),
  message(
    2,
    0x200,
    Buffer.concat([
      words([0xfffffffe, 4]),
      message(18, 5, Buffer.alloc(0)),
      attribute(1, Buffer.from('hallo\0')),
    ]),
  ),
  Buffer.concat([message(18, 1, Buffer.from('abcd')), message(3, 2, Buffer.alloc(4))]),
  Buffer.from('abcdef'),
  message(18, 1, Buffer.from('abcd'), 40),
  message(18, 1, Buffer.from('abcd'), 12),
]

const DIAGNOSTICS = [18, 20, 21].flatMap(type =>
  (
    [
      [1, 24],
      [2, 56],
      [10, 56],
      [16, 20],
      [17, 20],
      [40, 20],
    ] as const
  ).flatMap(([family, size]) => diag(family, size, type)),
)

const NETFILTER = Array.from({ length: 12 }, (_, part) => part).flatMap(part =>
  [0, 1, 2, 3, 9].map(type =>
    message(
      part * 256 + type,
      0x701,
      Buffer.concat([Buffer.from([2, 0, 0, 10]), attribute(1, Buffer.from('abc'))]),
    ),
  ),
)

/** By protocol. */
const MESSAGES: readonly (readonly [protocol: number, messages: readonly Buffer[]])[] = [
  ...[0, 4, 6, 7, 9, 12, 21].map(protocol => [protocol, GENERAL] as const),
  [0, ROUTE],
  [0, NESTED],
  [4, DIAGNOSTICS],
  [12, NETFILTER],
]

function linesOf(context: TestContext, tracer: readonly string[], options: readonly string[]): string[] {
  const directory = temporaryDirectory(context)
  const file = join(directory, 'messages')
  const lines = MESSAGES.flatMap(([protocol, messages]) =>
    messages.map(each => `${protocol} ${each.toString('hex')}\n`),
  )
  writeFileSync(file, lines.join(''))
  const output = join(directory, 'out')
  const quiet = ['-a', '1', '-e', 'trace=sendto', '-e', 'inject=sendto:retval=20', '-o', output]
  runTracer(tracer, [...quiet, ...options, program('messages'), file])
  return readFileSync(output, 'latin1').split('\n')
}

for (const options of [[], ['-s', '4'], ['-X', 'raw'], ['-X', 'verbose'], ['-e', 'verbose=none']])
  test(`messages ${options.join(' ')}`, { skip: otherStrace }, context => {
    const theirs = linesOf(context, THEIRS, options)
    const ours = linesOf(context, OURS, options)
    assert.ok(theirs.length > 3000)
    assert.equal(differing(ours, theirs).join('\n'), '')
  })
