/**
 * A trace of the kernel runner has the text that ptrace gives in a box of the namespace runner:
 * both run the same program, and what they print has to be the same but for addresses, ids, and
 * what differs from host to world (users, limits, clocks).
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, before, describe, test, type TestContext } from 'node:test'
import { glassbox } from '../../support/command.js'
import { type Box, openBox, run, type Trace, type TraceEvent } from '#glassbox/index.js'
import { assertNothingLeft, type Surroundings, surroundings } from '../../support/left.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

const runner = 'kernel'

/** Lines about the host or the world that the program sees: users, limits, random numbers. */
const FACTS =
  /^(rseq|getrandom|getpeername|get(?:e?[ug]id|timeofday)|clock_gettime|time|sysinfo|prlimit64)\(|"\/dev\/tty"|AT_FDCWD, "\."/
/** Lines whose place depends on who is faster. */
const RACES = /^(wait4|rt_sigreturn)\(|^--- SIGCHLD/

/**
 * Ids are given in ascending order, and begin anew at pid_max: the first process may have the
 * highest.
 */
const order = (pid: string, first: string): number =>
  Number(pid) < Number(first) ? Number(pid) + 2 ** 22 : Number(pid)

/** The lines of each process, in the order in which processes were made. */
function processes(text: string, leftOut: readonly RegExp[]): string[][] {
  const all = new Map<string, string[]>()
  for (const line of text.split('\n').filter(Boolean)) {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? assert.fail(line)
    const own = all.get(pid) ?? []
    all.set(pid, own)
    const [, resumed] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? []
    if (resumed === undefined) own.push(rest)
    else own.push(`${own.pop()?.replace(/ ?<unfinished \.\.\.>$/, '')}${resumed}`)
  }
  const [first = ''] = all.keys()
  const inOrder = [...all]
    .sort(([one], [other]) => order(one, first) - order(other, first))
    .map(([, lines]) => lines)
  return inOrder.map(lines =>
    lines
      .filter(line => !leftOut.some(pattern => pattern.test(line)))
      .map(line => line.replaceAll(/0x[0-9a-f]{5,}/g, 'ADDRESS').replaceAll(/ += /g, ' = '))
      .map(line =>
        line.replaceAll(/si_uid=\d+/g, 'si_uid=U').replaceAll(/si_[us]time=\d+(?: \/\*.*?\*\/)?/g, 'T'),
      ),
  )
}

function traced(
  context: TestContext,
  by: string,
  words: readonly string[],
): { text: string; code: number | null } {
  const file = join(temporaryDirectory(context), 'trace')
  const { code } = glassbox(['run', '--runner', by, '--trace', file, '--', ...words])
  return { text: readFileSync(file, 'utf8'), code }
}

const SAME: readonly (readonly [name: string, words: readonly string[], code: number, races: boolean])[] = [
  ['true', ['true'], 0, false],
  ['cat of a file', ['cat', '/etc/hosts'], 0, false],
  ['a name that is not there', ['cat', '/nowhere'], 1, false],
  ['a pipeline of bash', ['bash', '--norc', '-c', 'echo hello | tr a-z A-Z | cat'], 0, true],
  [
    'a handler, and death by a signal',
    ['bash', '--norc', '-c', 'trap "echo u" USR1; kill -USR1 $$; kill -9 $$'],
    137,
    false,
  ],
  ['stop and continue', [program('kernel/stop-and-continue')], 0, true],
]

describe('run --trace has the text of ptrace', () => {
  for (const [name, words, code, races] of SAME)
    test(name, context => {
      const leftOut = races ? [FACTS, RACES] : [FACTS]
      const wanted = traced(context, 'namespace', words)
      const found = traced(context, runner, words)
      assert.equal(wanted.code, code)
      assert.equal(found.code, code)
      const lines = processes(wanted.text, leftOut)
      assert.ok((lines[0] ?? []).length > 15)
      assert.deepEqual(processes(found.text, leftOut), lines)
    })

  test('clocks are calls while a trace is on, and the ids are those of the world', context => {
    const { text } = traced(context, runner, ['date'])
    assert.match(text, /^2 +clock_gettime\(CLOCK_REALTIME, \{tv_sec=\d+/m)
  })
})

describe('a trace of a box', () => {
  let around: Surroundings
  let box: Box
  before(async () => {
    await run('true', [], { runner })
    around = surroundings()
    box = await openBox({ runner })
  })
  after(async () => {
    await box.close()
    await assertNothingLeft(around)
  })

  const events = async (name: string, args: readonly string[]): Promise<TraceEvent[]> => {
    const all: TraceEvent[] = []
    const reader = async (trace: Trace): Promise<void> => {
      for await (const event of trace) all.push(event)
    }
    await box.run(name, args, { trace: { reader } })
    return all
  }

  test('events: processes, programs, signals and ends, for one program after another', async () => {
    for (let i = 0; i < 2; i++) {
      const all = await events('sh', ['-c', '/bin/true; kill -TERM $$'])
      const types = all.filter(({ type }) => !type.startsWith('syscall')).map(({ type }) => type)
      assert.deepEqual(types, ['exec', 'new-child', 'exec', 'exit', 'signal', 'signal', 'killed'])
      assert.deepEqual(
        all.map(({ seq }) => seq),
        all.map((_, index) => index),
      )
    }
    assert.equal((await box.run('echo', ['untraced'])).stdout, 'untraced\n')
  })

  test('a call that waits when the world ends is never left', async () => {
    const all = await events('sh', ['-c', 'sleep 60 & exit 3'])
    const entered = all.filter(event => event.type === 'syscall-enter' && /nanosleep/.test(event.name))
    const left = all.filter(event => event.type === 'syscall-exit' && /nanosleep/.test(event.name))
    assert.ok(entered.length <= 1)
    assert.equal(left.length, 0)
    assert.ok(all.some(event => event.type === 'exit' && event.code === 3))
  })

  test('a handler that throws ends the program, and its error is the result', async context => {
    const module = join(temporaryDirectory(context), 'handlers.mjs')
    writeFileSync(
      module,
      'export default () => ({ exit(call) { if (call.nr === 12) throw new RangeError("no") } })',
    )
    const handlers = { module: pathToFileURL(module) }
    await assert.rejects(async () => box.run('sleep', ['60'], { trace: { handlers } }), RangeError)
    assert.equal((await box.run('echo', ['next'])).stdout, 'next\n')
  })

  test('a module that cannot be loaded is one error, and nothing runs', async context => {
    const module = join(temporaryDirectory(context), 'handlers.mjs')
    writeFileSync(module, 'export default (')
    const handlers = { module: pathToFileURL(module) }
    await assert.rejects(async () => box.run('sleep', ['60'], { trace: { handlers } }), /cannot be loaded/)
    assert.equal((await box.run('echo', ['next'])).stdout, 'next\n')
  })

  test('a reader that fails ends the program; one that kills ends it at once', async () => {
    const fails = async (): Promise<void> => {
      throw new RangeError('reader')
    }
    await assert.rejects(async () => box.run('sleep', ['60'], { trace: { reader: fails } }), RangeError)
    const kills = async (trace: Trace): Promise<void> => {
      await trace.pid
      await trace.kill()
    }
    assert.equal((await box.run('sleep', ['60'], { trace: { reader: kills } })).status, 'canceled')
  })

  test('a program that is not there, and one that cannot be executed', async () => {
    const reader = async (): Promise<void> => {}
    await assert.rejects(async () => box.run('/nowhere', [], { trace: { reader } }), {
      code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND',
    })
    await assert.rejects(async () => box.run('/etc/hosts', [], { trace: { reader } }))
    assert.equal((await box.run('echo', ['next'])).stdout, 'next\n')
  })
})
