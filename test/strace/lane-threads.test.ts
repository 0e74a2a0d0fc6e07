/**
 * Lines of several threads and processes, of which the native step makes parts: each line that is
 * interrupted is resumed, in strace's words, and nothing is missing or told twice.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { OURS, runTracer } from './support/strace.js'

const COUNT = 60
const [THREADS, PROCESSES] = [3, 4]

function trace(context: TestContext, options: readonly string[], lanes: string): string {
  const file = join(temporaryDirectory(context), 'trace')
  const env = { ...process.env, GLASSBOX_TEST_LANES: lanes }
  const words = ['-f', ...options, '-o', file, program('lanes'), 'many', String(COUNT)]
  const { err, code } = runTracer(OURS, words, { env, input: '' })
  assert.equal(err, '')
  assert.equal(code, 0)
  return readFileSync(file, 'latin1')
}

const PREFIX =
  /^(\d+) +(?:\d\d:\d\d:\d\d(?:\.\d+)? )?(?:\d+\.\d+ )?(?:\(\+ *\d+\.\d+\) )?(?:\d+\.\d+ )?(?:\[ *\d+\] )?(?:\[[0-9a-f?]{16}\] )?(.*)$/

/** The calls of each thread, each as one line. Fails if the parts of lines do not fit together. */
function callsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const threads = new Map<string, string[]>()
  const open = new Map<string, string>()
  for (const line of text.trim().split('\n')) {
    const [, tid = '', body = ''] = PREFIX.exec(line) ?? []
    assert.notEqual(tid, '', line)
    const lines = threads.get(tid) ?? []
    threads.set(tid, lines)
    const [, begun] = /^(.*) <unfinished \.\.\.>$/.exec(body) ?? []
    const [, name, rest] = /^<\.\.\. (\w+) resumed>(.*)$/.exec(body) ?? []
    if (name !== undefined) {
      const before = open.get(tid)
      assert.ok(before?.startsWith(`${name}(`), `${before} and ${line}`)
      open.delete(tid)
      lines.push(`${before}${rest}`)
      continue
    }
    assert.ok(!open.has(tid), `${open.get(tid)} is not resumed before ${line}`)
    if (begun === undefined) lines.push(body)
    else open.set(tid, begun)
  }
  assert.deepEqual([...open.values()], [])
  return threads
}

const isNumbered = (line: string): string[] => {
  const [, number] = /^access\("\/number\/(\d+)", F_OK\) += -1 ENOENT \(No such file[^)]*\)/.exec(line) ?? []
  return number === undefined ? [] : [number]
}

const OPTIONS: readonly (readonly string[])[] = [
  [],
  ['-tt', '-T'],
  ['-r'],
  ['-n', '-i', '-ttt'],
  ['-v', '-s', '200'],
  ['-Z'],
]

for (const options of OPTIONS)
  for (const lanes of ['strict', 'captures'])
    test(`parts of lines fit together: ${options.join(' ')} (${lanes})`, context => {
      const threads = callsOf(trace(context, options, lanes))
      const numbers = [...threads.values()]
        .map(lines => lines.flatMap(isNumbered))
        .filter(each => each.length)
      assert.equal(numbers.length, THREADS * PROCESSES)
      for (const found of numbers)
        assert.deepEqual(
          found,
          Array.from({ length: COUNT }, (_, at) => String(at)),
        )
      for (const lines of threads.values())
        for (const line of lines) assert.match(line, /\) += |^\+\+\+ |^--- SIG|= \?/)
    })

test('the times of the lines of several threads never go back', context => {
  const times = trace(context, ['-ttt'], 'strict')
    .trim()
    .split('\n')
    .map(line => Number(/^\d+ +(\d+\.\d+) /.exec(line)?.[1]))
  assert.ok(times.length > 700)
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  )
})

test('relative times add up to the time of day', context => {
  const lines = trace(context, ['-ttt', '-r'], 'strict').trim().split('\n')
  let before: number | undefined
  for (const line of lines) {
    const [, time, since] = /^\d+ +(\d+\.\d+) \(\+ *(\d+\.\d+)\)/.exec(line) ?? []
    assert.notEqual(since, undefined, line)
    const us = Math.round(Number(time) * 1e6)
    if (before !== undefined) assert.ok(Math.abs(us - before - Number(since) * 1e6) <= 2, line)
    before = us
  }
})

test('each thread has its whole lines in a file of its own', context => {
  const directory = temporaryDirectory(context)
  const env = { ...process.env, GLASSBOX_TEST_LANES: 'strict' }
  const words = ['-ff', '-tt', '-T', '-o', join(directory, 'out'), program('lanes'), 'many', String(COUNT)]
  assert.equal(runTracer(OURS, words, { env, input: '' }).code, 0)
  const files = readdirSync(directory).map(name => readFileSync(join(directory, name), 'latin1'))
  assert.equal(files.length, 1 + PROCESSES * (1 + THREADS))
  const numbers = files.map(text => {
    const lines = text.trim().split('\n')
    for (const line of lines)
      assert.match(line, /^\d\d:\d\d:\d\d\.\d{6} (\w+\(.*\) += .*( <\d+\.\d{6}>|\?)|\+\+\+ .*|--- .*)$/)
    return lines.flatMap(line => isNumbered(line.slice('00:00:00.000000 '.length)))
  })
  const counted = numbers.filter(found => found.length > 0)
  assert.equal(counted.length, THREADS * PROCESSES)
  for (const found of counted)
    assert.deepEqual(
      found,
      Array.from({ length: COUNT }, (_, at) => String(at)),
    )
})
