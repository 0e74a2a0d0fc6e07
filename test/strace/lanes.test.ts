/**
 * What the native step does without waiting for JavaScript changes nothing that is told: with the
 * lanes off, with captures alone and with all lanes, the text is the same. In strict mode a read
 * of memory that was not captured is an error.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { planOf } from '#glassbox/decode/lanes/call-plans.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { normalized, OURS, runTracer } from './support/strace.js'

type Lanes = 'off' | 'captures' | 'strict'

/** The text of a trace with these lanes. */
function trace(
  context: TestContext,
  lanes: Lanes,
  options: readonly string[],
  command: readonly string[],
): string {
  const cwd = temporaryDirectory(context)
  const file = join(cwd, 'trace')
  const env = { ...process.env, GLASSBOX_TEST_LANES: lanes }
  const { err } = runTracer(OURS, ['-f', ...options, '-o', file, ...command], { cwd, env, input: '' })
  assert.doesNotMatch(err, /glassbox:/)
  return readFileSync(file, 'latin1').replaceAll(cwd, 'DIR')
}

/**
 * The calls of each thread, in order, each as one line; threads in the order in which they began.
 */
function threadsOf(text: string): readonly (readonly string[])[] {
  const threads = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [, tid = '', body = ''] = /^(\d+) +(.*)$/.exec(line) ?? []
    const lines = threads.get(tid) ?? []
    threads.set(tid, lines)
    const [, rest] = /^<\.\.\. \w+ resumed>(.*)$/.exec(body) ?? []
    if (rest === undefined) lines.push(body)
    else lines.push((lines.pop() ?? '').replace(/ <unfinished \.\.\.>$/, '') + rest)
  }
  return [...threads.values()]
}

const steady = (lines: readonly string[]): string[] =>
  normalized(lines.join('\n'))
    .replaceAll(/ +/g, ' ')
    .replaceAll(/LANES=\w+/g, 'LANES')
    .replaceAll(/0x[0-9a-f]{5,}/g, 'ADDR')
    .replaceAll(/(\\x[0-9a-f]{2}){8}/g, 'RANDOM')
    .replaceAll(/\b\d{4,}\b/g, 'N')
    .replaceAll(/\b(set_tid_address|get[pt]id|clone3?|v?fork|wait4)\((.*)\) = \d+/g, '$1($2) = N')
    .replaceAll(/\(\d+(?=[,)])/g, '(N')
    .replaceAll(/(in|out|left|st_\w+|time|loads|procs|tms_\w+|f_\w+)=[^,}\]]*/g, '$1=V')
    .split('\n')

const SAME: readonly (readonly [
  name: string,
  command: () => readonly string[],
  options?: readonly string[],
])[] = [
  ['ls -l', () => ['ls', '-l', '/etc']],
  ['ls -l, everything', () => ['ls', '-l', '/etc'], ['-v']],
  ['ls -l, short strings', () => ['ls', '-l', '/etc'], ['-s', '3']],
  ['hostile lengths, ends and pointers', () => [program('lanes'), 'hostile']],
  ['hostile lengths, everything', () => [program('lanes'), 'hostile'], ['-v', '-s', '200']],
  ['more memory than a step has room for', () => [program('lanes'), 'large', '20'], ['-s', '4000']],
  ['named values', () => [program('named'), 'memory']],
  ['signals', () => [program('traced'), 'signals']],
]

for (const [name, command, options = []] of SAME)
  test(`each lane gives the same text: ${name}`, context => {
    const [expected = []] = threadsOf(trace(context, 'off', options, command()))
    assert.ok(expected.length > 10)
    for (const lanes of ['captures', 'strict'] as const) {
      const [lines = []] = threadsOf(trace(context, lanes, options, command()))
      assert.deepEqual(steady(lines), steady(expected), lanes)
    }
  })

interface Event {
  readonly seq: number
  readonly type: string
  readonly name?: string
}

/** What varies from run to run in an event. */
const STEADY_EVENT =
  /"(pid|tid|tgid|si_pid|time|atNs|durationNs|raw|st_\w+|f_\w+|in|out|left|loads|procs|tms_\w+|t\w_u?sec|mem_\w+)":(\{[^}]*\}|\[[^\]]*\]|-?[\d.]+),?/g

const steadyEvents = (lines: readonly string[]): string[] =>
  steady(
    lines.map(line =>
      line
        .replaceAll(STEADY_EVENT, '')
        .replaceAll(/:-?\d{9,}|"result":\d{4,}/g, ':N')
        .replaceAll(/("name":"(?:set_tid_address|get[pt]id|clone3?|v?fork|wait4)".*"result"):\d+/g, '$1:N'),
    ),
  )

for (const [name, command, options = []] of SAME.filter(([, , given]) => given?.[0] !== '-s'))
  test(`events of calls are the same in each lane: ${name}`, context => {
    const of = (lanes: Lanes): string[] =>
      trace(context, lanes, ['--json', ...options], command())
        .trim()
        .split('\n')
    const [expected, lines] = [of('off'), of('strict')]
    assert.ok(expected.length > 10)
    const events = lines.map(line => JSON.parse(line) as Event)
    assert.deepEqual(
      events.map(({ seq }) => seq),
      Array.from(events.keys()),
    )
    // As JavaScript writes them: no other form of a number, an escape or a space.
    for (const line of lines) assert.equal(JSON.stringify(JSON.parse(line)), line)
    const calls = (all: readonly string[]): string[] =>
      steadyEvents(all.filter(line => line.includes('"type":"syscall"') && !line.includes('"getrandom"')))
    const [ours, theirs] = [calls(lines), calls(expected)]
    for (const [index, line] of ours.entries()) assert.equal(line, theirs[index])
    assert.equal(ours.length, theirs.length)
  })

const PLAIN = { limit: 32, full: false, strings: 'none', names: false, raw: false } as const

test('the calls that programs make most have programs for their lines and their events', () => {
  const MOST = [
    ...['read', 'write', 'close', 'openat', 'newfstatat', 'fstat', 'stat', 'lstat', 'lseek', 'mmap'],
    ...['mprotect', 'munmap', 'brk', 'access', 'readlink', 'unlink', 'fcntl', 'dup2', 'pipe2'],
    ...['getpid', 'getppid', 'getuid', 'prlimit64', 'pread64', 'rt_sigprocmask', 'faccessat2', 'chdir'],
  ]
  const isWhole = (name: string): boolean => {
    const planned = planOf(syscallNumber(name), { bytes: 4096, items: 4096, line: PLAIN, isJson: true })
    if (!planned) return false
    const plans = 'plans' in planned ? [...planned.plans.values()] : [planned]
    return plans.some(plan => plan.line && plan.json)
  }
  assert.deepEqual(
    MOST.filter(name => !isWhole(name)),
    [],
  )
})

for (const group of ['files', 'descriptors', 'sockets', 'processes', 'special', 'memory', 'times'])
  for (const options of [[], ['-v'], ['--json']])
    test(`all that is read was captured: ${group} ${options.join(' ')}`, context => {
      assert.ok(trace(context, 'strict', options, [program('every'), group]).length > 1000)
    })

test('memory that another thread changes while it is captured', context => {
  const [first = []] = threadsOf(trace(context, 'strict', [], [program('lanes'), 'racing', '300']))
  for (const call of ['openat', 'newfstatat', 'writev', 'sendmsg', 'write'])
    assert.ok(first.filter(line => line.startsWith(`${call}(`)).length >= 300, call)
  for (const line of first) assert.match(line, /^([a-z0-9_]+\(.*\) += |\+\+\+ )/)
})

test('each event is whole although another thread changes the memory of its call', context => {
  const lines = trace(context, 'strict', ['--json'], [program('lanes'), 'racing', '100'])
    .trim()
    .split('\n')
  const events = lines.map(line => JSON.parse(line) as Event)
  for (const call of ['openat', 'newfstatat', 'writev', 'sendmsg', 'write'])
    assert.ok(events.filter(({ name }) => name === call).length >= 100, call)
})

test('the calls of each of many threads are in order, and none is missing', context => {
  const COUNT = 60
  const [THREADS, PROCESSES] = [3, 4]
  const numbers = threadsOf(trace(context, 'strict', [], [program('lanes'), 'many', String(COUNT)]))
    .map(lines =>
      lines.flatMap(line => /^access\("\/number\/(\d+)", F_OK\) += -1 ENOENT/.exec(line)?.[1] ?? []),
    )
    .filter(found => found.length > 0)
  assert.equal(numbers.length, THREADS * PROCESSES)
  for (const found of numbers)
    assert.deepEqual(
      found,
      Array.from({ length: COUNT }, (_, n) => String(n)),
    )
})

test('the lines of several tracees are in the order of their stops', context => {
  const text = trace(context, 'strict', ['--json'], [program('lanes'), 'many', '60'])
  const ends = text
    .trim()
    .split('\n')
    .map(
      line =>
        JSON.parse(line) as {
          type: string
          time: number
          durationNs?: number
          atNs: number
          unfinished?: true
        },
    )
    .filter(({ type, unfinished }) => type === 'syscall' && unfinished !== true)
    .map(({ atNs, durationNs = 0 }) => atNs + durationNs)
  assert.ok(ends.length > 700)
  assert.deepEqual(
    ends,
    ends.toSorted((a, b) => a - b),
  )
})
