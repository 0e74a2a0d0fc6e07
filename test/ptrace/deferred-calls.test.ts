/** Handlers that need nothing but records: the program runs on, and they are told of the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { traceSync } from '#glassbox/ptrace/trace-sync.js'
import type { TraceCommand } from '#glassbox/index.js'
import { program } from '../support/programs.js'

interface Told {
  readonly what: string
  /** When the stop was seen, and when the handler was called. */
  readonly seenNs: bigint
  readonly toldNs: bigint
}

function told(command: TraceCommand, mayDefer?: (nr: number) => boolean): Told[] {
  const all: Told[] = []
  const add = (what: string, seenNs: bigint): void => {
    all.push({ what, seenNs, toldNs: process.hrtime.bigint() })
  }
  traceSync(command, {
    handlers: {
      ...(mayDefer && { mayDefer }),
      enter: ({ nr, timeNs }) => add(`enters ${nr}`, timeNs),
      exit: ({ nr, failed, timeNs }) => add(`leaves ${nr}${failed ? ', failed' : ''}`, timeNs),
      signal: ({ signal, timeNs }) => add(`signal ${signal}`, timeNs),
      exiting: ({ insideCall, timeNs }) => add(`ending${insideCall ? ' in a call' : ''}`, timeNs),
      exited: ({ code, timeNs }) => add(`exit ${code}`, timeNs),
      killed: ({ signal, timeNs }) => add(`killed by ${signal}`, timeNs),
    },
  })
  return all
}

const whats = (all: readonly Told[]): string[] => all.map(({ what }) => what)
const traced = (...args: string[]): TraceCommand => ({ program: program('traced'), args })
const GETPPID = 110
const NANOSLEEP = 230

for (const command of [
  traced('signals'),
  traced('faces'),
  traced('negative'),
  traced('kills-itself'),
  { program: 'ls', args: ['-l', '/etc'] },
]) {
  test(`the same is told, in the same order: ${command.program} ${command.args?.join(' ')}`, () => {
    const expected = whats(told(command))
    assert.ok(expected.length > 10)
    assert.deepEqual(whats(told(command, () => true)), expected)
    assert.deepEqual(whats(told(command, nr => nr % 3 === 0)), expected)
  })
}

test('the program is further by then, and without it stands', () => {
  const early = (all: readonly Told[]): number =>
    all.filter(({ toldNs }, at) => (all[at + 1]?.seenNs ?? toldNs) < toldNs).length
  const command = { program: 'sh', args: ['-c', 'for i in 1 2 3 4 5 6 7 8 9 10; do umask >&-; done 2>&-'] }
  assert.equal(early(told(command)), 0)
  assert.ok(early(told(command, () => true)) > 10)
})

test('what is told later is told soon, also while the program stands in its call', () => {
  const all = told({ program: 'sleep', args: ['1'] }, () => true)
  const entered = all.find(({ what }) => what === `enters ${NANOSLEEP}`)
  const left = all.find(({ what }) => what === `leaves ${NANOSLEEP}`)
  assert.ok(entered && left && entered.toldNs < left.seenNs)
})

test('an error of a handler is thrown though the program has run on, and nothing is left', () => {
  let pid = 0
  const fail = (): void =>
    void traceSync(traced('loops'), {
      onPid: of => (pid = of),
      handlers: {
        mayDefer: () => true,
        exit({ nr }) {
          if (nr === GETPPID) throw new RangeError('a fault')
        },
      },
    })
  assert.throws(fail, { name: 'RangeError' })
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
})
