/** What a supervisor does at the stops of the filter. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, test, type TestContext } from 'node:test'
import type { PathRule, ResolvedPolicy } from '#glassbox/policy/resolved.js'
import type { Condition } from '#glassbox/seccomp/policy.js'
import type { StopAction } from '#glassbox/supervisor/contract.js'
import { pathDecisions, supervisedFilter } from '#glassbox/supervisor/filter.js'
import { assertNothingLeft, type Surroundings, surroundings } from '../support/left.js'
import { pathRule as rule } from '../support/path-rule.js'
import { native, program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { type Options, type Outcome, type Stop, supervise, warmUp } from './support/supervise.js'

let start: Surroundings
before(async () => {
  await warmUp()
  // Each worker that judges paths keeps a descriptor for that.
  await Promise.all(Array.from({ length: 4 }, () => named('/bin/sleep', ['0.1'], {})))
  start = surroundings()
})
after(() => assertNothingLeft(start))

/** socket(), and what python says about it. */
const SOCKET = 'import socket\ntry:\n  socket.socket(); print("made")\nexcept OSError as e: print(e.errno)'
/** Sockets of the network. Python makes others when it starts. */
const isInet: Condition = { arg: 0, op: 'eq', value: 2n, width: 32 }
const socketStop = (action: StopAction): Stop => ({ calls: ['socket'], when: [isInet], action })
const python = (script: string, options: Options): Promise<Outcome> =>
  supervise('/usr/bin/python3', ['-c', script], options)

test('kill: the program ends, and the call is reported in strace’s notation', async () => {
  const stops = [socketStop({ kind: 'kill' })]
  assert.equal((await python(SOCKET, {})).stdout, 'made\n', 'it works without')
  const { ending, status } = await python(SOCKET, { stops })
  assert.equal(status, 'syscall-denied')
  assert.deepEqual(ending.denied, {
    syscall: 'socket',
    args: 'AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP',
  })
})

test('kill: a call with a path is reported with the path', async () => {
  const stops = [{ calls: ['mkdir'], action: { kind: 'kill' } as const }]
  const { ending } = await supervise('/bin/mkdir', ['made'], { stops })
  assert.deepEqual(ending.denied, { syscall: 'mkdir', args: '"made", 0777', path: 'made' })
})

test('kill: the call of a child ends the whole program', async () => {
  const stops = [{ calls: ['mkdir'], action: { kind: 'kill' } as const }]
  const { status } = await supervise('/bin/sh', ['-c', 'sleep 20 & mkdir made; wait'], { stops })
  assert.equal(status, 'syscall-denied')
})

test('errno: the call is not made, and fails with that error', async () => {
  const stops = [socketStop({ kind: 'errno', errno: 93 })]
  const { stdout, status } = await python(SOCKET, { stops })
  assert.equal(stdout, '93\n')
  assert.equal(status, 'exited')
})

test('count: so many calls are made, over all processes', async () => {
  const within = { kind: 'allow' } as const
  const action = { kind: 'count', budget: 0, atMost: 2, within, after: { kind: 'errno', errno: 1 } } as const
  const script = 'mkdir a; mkdir b; mkdir c; mkdir d; ls'
  const { stdout } = await supervise('/bin/sh', ['-c', script], { stops: [{ calls: ['mkdir'], action }] })
  assert.match(stdout, /\na\nb\n$/)
})

const ASK = [socketStop({ kind: 'ask', handler: 7, within: { kind: 'allow' } })]

for (const [answer, output] of [
  ['allow', 'made\n'],
  [{ errno: 13 }, '13\n'],
] as const)
  test(`ask: a handler answers ${JSON.stringify(answer)}, later, while another program runs`, async () => {
    const asked: unknown[] = []
    const [{ stdout }, other] = await Promise.all([
      python(SOCKET, {
        stops: ASK,
        async ask(handler, { syscall, text, args }) {
          asked.push([handler, syscall, text, args[0]])
          await sleep(100)
          return answer
        },
      }),
      supervise('/bin/sh', ['-c', 'exit 3']),
    ])
    assert.equal(stdout, output)
    assert.deepEqual(asked, [[7, 'socket', 'AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP', 2n]])
    assert.deepEqual(other.ending.exit, { code: 3 })
  })

test('ask: a handler ends the program', async () => {
  const { ending, status } = await python(SOCKET, { stops: ASK, ask: () => 'kill' })
  assert.equal(status, 'syscall-denied')
  assert.equal(ending.denied?.syscall, 'socket')
})

test('ask: after the answer the call is still refused, if the action within says so', async () => {
  const within = {
    kind: 'count',
    budget: 0,
    atMost: 0,
    within: { kind: 'allow' },
    after: { kind: 'errno', errno: 95 },
  } as const
  const { stdout } = await python(SOCKET, {
    stops: [socketStop({ kind: 'ask', handler: 7, within })],
    ask: () => 'allow',
  })
  assert.equal(stdout, '95\n')
})

test('ask: a handler that throws ends the program, and its error is the outcome', async () => {
  const error = new Error('the handler fails')
  const ask = (): never => {
    throw error
  }
  await assert.rejects(python(SOCKET, { stops: ASK, ask }), error)
})

test('ask: a program can be stopped while its handler thinks', async () => {
  const { status } = await python(SOCKET, {
    stops: ASK,
    ask: () => sleep(1000, 'allow' as const),
    async running(running) {
      await sleep(300)
      running.stop('canceled')
    },
  })
  assert.equal(status, 'canceled')
})

interface Named {
  readonly rules?: readonly PathRule[]
  readonly kill?: boolean
}

/** Runs a program under rules about paths. There is no wall behind them. */
function named(path: string, args: readonly string[], { rules = [], kill = false }: Named): Promise<Outcome> {
  const denied = kill ? ({ kind: 'kill' } as const) : ({ kind: 'errno', errno: 13 } as const)
  const base = [
    ...['/usr', '/lib', '/lib64', '/bin'].map(each => rule('execute', each)),
    rule('read', '/etc/ld.so.cache', 'exact'),
    rule('execute', path, 'exact'),
    rule('write', '{work}'),
  ]
  const policy: ResolvedPolicy = {
    name: 'test',
    rules: [],
    otherwise: { kind: 'allow' },
    paths: { tier: 'named', rules: [...base, ...rules], statAll: true, denied },
    needsTracer: undefined,
  }
  const { filter, decisions } = supervisedFilter(policy, {
    tier: 'named',
    countsProcesses: true,
    net: 'host',
  })
  return supervise(path, args, {
    spec: ({ cwd }) => ({
      filter,
      decisions: {
        ...decisions,
        ...(policy.paths ? { paths: pathDecisions(policy.paths, { work: cwd, program: path }) } : {}),
      },
    }),
  })
}

/** A directory with a file in it, which any user may read. */
function granted(context: TestContext): string {
  const directory = temporaryDirectory(context)
  mkdirSync(join(directory, 'in'), { recursive: true })
  writeFileSync(join(directory, 'in', 'file'), 'inside')
  writeFileSync(join(directory, 'secret'), 'outside')
  symlinkSync('../secret', join(directory, 'in', 'link'))
  symlinkSync('file', join(directory, 'in', 'to-file'))
  return directory
}

for (const [name, outcome] of [
  ['in/file', 'inside'],
  ['in/to-file', 'inside'],
  ['in/../in/file', 'inside'],
  ['in//file', 'inside'],
  ['in/link', 'denied'],
  ['in/../secret', 'denied'],
  ['secret', 'denied'],
] as const)
  test(`paths: ${name} is ${outcome}`, async context => {
    const directory = granted(context)
    const rules = [rule('read', join(directory, 'in'))]
    chmodSync(directory, 0o755)
    const path = `${directory}/${name}`
    const { stdout, ending } = await named('/usr/bin/cat', [path], { rules })
    if (outcome === 'inside') {
      assert.equal(stdout, 'inside')
      assert.deepEqual(ending.denials, [])
      return
    }
    assert.match(stdout, /Permission denied/)
    assert.equal(ending.denials.length, 1)
    const [denial] = ending.denials
    assert.equal(denial?.syscall, 'openat')
    assert.equal(denial?.path, join(directory, 'secret'))
    assert.ok(denial?.rule)
  })

test('paths: a relative name below the working directory is made, read and removed', async () => {
  const script = 'echo text > file; cat file; rm file'
  const { stdout, ending } = await named('/bin/sh', ['-c', script], {})
  assert.equal(stdout, 'text\n')
  assert.deepEqual(ending.denials, [])
})

test('paths: a file in a directory that may only be read is not made, and the call is named', async context => {
  const directory = granted(context)
  chmodSync(directory, 0o755)
  chmodSync(join(directory, 'in'), 0o777)
  const script = `echo > ${directory}/in/new`
  const { ending } = await named('/bin/sh', ['-c', script], { rules: [rule('read', join(directory, 'in'))] })
  const [denial] = ending.denials
  assert.equal(denial?.path, join(directory, 'in', 'new'))
  assert.match(denial?.args ?? '', /O_WRONLY\|O_CREAT\|O_TRUNC/)
})

test('paths: a denied call can end the program', async () => {
  const { ending, status } = await named('/usr/bin/cat', ['/etc/passwd'], { kill: true })
  assert.equal(status, 'syscall-denied')
  assert.equal(ending.denied?.path, '/etc/passwd')
})

for (const [path, code] of [
  ['/usr/bin/true', 0],
  ['/etc/passwd', 13],
] as const)
  test(`64 threads that open ${path} and execute a program at the same time`, async () => {
    const stampede = program('stampede')
    assert.equal(native('stampede', ['64', path]).code, 0)
    const { ending } = await named(stampede, ['64', path], {})
    assert.deepEqual(ending.exit, { code })
    assert.equal(ending.usage.processes, 65)
    assert.equal(ending.denials.length + ending.moreDenials, code === 0 ? 0 : 64 * 20)
  })

test('a filter of the program’s own cannot choose what the supervisor does', async () => {
  const outvote = program('outvote')
  const { ending: control } = await named(outvote, ['0', '/etc/passwd', 'plain'], {})
  assert.deepEqual(control.exit, { code: 13 }, 'the open is denied')
  for (let data = 0; data < 8; data++) {
    const { ending } = await named(outvote, [String(data), '/etc/passwd'], {})
    assert.deepEqual(ending.exit, { code: 13 }, `data ${data}`)
    assert.equal(ending.denials.at(-1)?.path, '/etc/passwd')
  }
})
