/** Durations, sizes and counts, and the report's words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { exitCodeOf, exitCodeOfError } from '#glassbox/cli/exit-code.js'
import { textOrBase64 } from '#glassbox/cli/json.js'
import { parseOptions } from '#glassbox/cli/options.js'
import { reportLine } from '#glassbox/cli/report.js'
import { formatDuration, formatSize, parseCount, parseDuration, parseSize } from '#glassbox/cli/units.js'
import { GlassboxError, type RunResult } from '#glassbox/index.js'
import { nearest } from '#glassbox/suggest.js'

test('durations with their units', () => {
  for (const [text, ms] of [
    ['1s', 1000],
    ['1.5s', 1500],
    ['250ms', 250],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['.5S', 500],
    ['unlimited', Infinity],
  ] as const) {
    assert.equal(parseDuration('--t', text), ms, text)
  }
  for (const text of ['', '5', 's', '-1s', '0s', '1.2.3s', '1 parsec', 'NaN', 'Infinity']) {
    assert.throws(() => parseDuration('--t', text), { option: '--t' }, text)
  }
})

test('sizes with their units', () => {
  for (const [text, bytes] of [
    ['64MiB', 2 ** 26],
    ['1GiB', 2 ** 30],
    ['10MB', 1e7],
    ['1.5KiB', 1536],
    ['7B', 7],
    ['unlimited', Infinity],
  ] as const) {
    assert.equal(parseSize('--s', text), bytes, text)
  }
  for (const text of ['64', '64M', '0B', '-1KiB', '1.0001KiB', 'x'])
    assert.throws(() => parseSize('--s', text), { option: '--s' }, text)
  for (const text of ['0', '-1', '1.5', '', 'x', '1e3'])
    assert.throws(() => parseCount('--n', text), { option: '--n' }, text)
  assert.equal(parseCount('--n', '12'), 12)
})

test('what is printed can be read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), bytes => {
      const [number = '', unit = ''] = formatSize(bytes).split(' ')
      const again =
        Number(number) * { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }[unit as 'B']
      assert.ok(Math.abs(again - bytes) <= bytes * 0.01 + 1, `${bytes} as ${number} ${unit}`)
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), ms => {
      const again = parseDuration('--t', formatDuration(ms).replace(' ', ''))
      assert.ok(Math.abs(again - ms) <= ms * 0.01 + 1)
    }),
  )
})

test('options end at -- or at the first word that is none', () => {
  const specs = [
    { name: '--a', value: 'X', help: '' },
    { name: '--flag', help: '' },
    { name: '--many', value: 'X', repeated: true, help: '' },
  ]
  const parsed = parseOptions('x', specs, [
    '--a=1',
    '--flag',
    '--many',
    '2',
    '--many',
    '3',
    'prog',
    '--a',
    '9',
  ])
  assert.deepEqual([...parsed.flags], ['--flag'])
  assert.deepEqual(
    [...parsed.values],
    [
      ['--a', ['1']],
      ['--many', ['2', '3']],
    ],
  )
  assert.deepEqual(parsed.rest, ['prog', '--a', '9'])
  assert.deepEqual(parseOptions('x', specs, ['--', '--flag']).rest, ['--flag'])
  assert.deepEqual(parseOptions('x', specs, ['-', 'y']).rest, ['-', 'y'])
})

test('a slip has a suggestion, another word has none', () => {
  assert.equal(nearest('--memry', ['--memory', '--processes']), '--memory')
  assert.equal(nearest('--something-else', ['--memory', '--processes']), undefined)
})

const result = (parts: Partial<RunResult>): RunResult => ({
  status: 'exited',
  ok: true,
  cpuTimeMs: 12.34,
  userTimeMs: 12.34,
  systemTimeMs: 0,
  wallTimeMs: 1500,
  setupTimeMs: 1,
  memoryBytes: 8 * 2 ** 20,
  stdout: '',
  stderr: '',
  stdoutTruncated: false,
  stderrTruncated: false,
  files: {},
  fileModes: {},
  fileErrors: {},
  runner: 'namespace',
  means: { cpuTime: 'cgroup-v1', memory: 'cgroup-v1', processes: 'cgroup-v1' },
  ...parts,
})

test('the report in words', () => {
  const figures = 'CPU 12.3 ms · wall 1.5 s · peak memory 8 MiB'
  assert.equal(reportLine(result({ exitCode: 3 })), `exited with code 3 · ${figures}`)
  assert.equal(
    reportLine(result({ status: 'signaled', signal: 'SIGSEGV' })),
    `ended by signal SIGSEGV · ${figures}`,
  )
  assert.equal(
    reportLine(result({ status: 'cpu-time-limit', limit: { kind: 'cpuTimeMs', limit: 1000, used: 1002 } })),
    `ended by the CPU time limit of 1 s (used 1.002 s) · ${figures}`,
  )
  assert.equal(
    reportLine(
      result({ status: 'process-limit', exitCode: 1, limit: { kind: 'processes', limit: 5, used: 5 } }),
    ),
    `exited with code 1, after the limit of processes (5) refused it another · ${figures}`,
  )
  assert.match(
    reportLine(result({ exitCode: 0, means: { cpuTime: 'init', memory: 'init', processes: 'rlimit' } })),
    /measured without a cgroup$/,
  )
})

test('exit codes of results and of errors', () => {
  assert.equal(exitCodeOf(result({ exitCode: 9 })), 9)
  assert.equal(exitCodeOf(result({ status: 'signaled', signal: 'SIGKILL' })), 137)
  assert.equal(exitCodeOf(result({ status: 'memory-limit', exitCode: 1 })), 137)
  assert.equal(exitCodeOf(result({ status: 'process-limit', exitCode: 3 })), 3)
  assert.equal(exitCodeOfError(new GlassboxError('ERR_GLASSBOX_PROGRAM_NOT_FOUND', 'x')), 127)
  assert.equal(exitCodeOfError(new Error('x')), 125)
})

test('text stays text, other bytes are base64, and nothing is lost', () => {
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      const coded = textOrBase64(bytes)
      const again = typeof coded === 'string' ? Buffer.from(coded) : Buffer.from(coded.base64, 'base64')
      assert.deepEqual(Uint8Array.from(again), bytes)
    }),
  )
})
