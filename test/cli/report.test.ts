/** The line in words that follows a run: every ending, every limit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportLine } from '#glassbox/cli/run/report.js'
import type { LimitKind, RunResult } from '#glassbox/index.js'
import { result } from '../support/result.js'

test('the report in words', () => {
  const figures = 'CPU 12.3 ms · wall 1.5 s · peak memory 8 MiB'
  assert.equal(reportLine(result({ exitCode: 3 })), `exited with code 3 · ${figures}`)
  assert.equal(
    reportLine(result({ status: 'signaled', signal: 'SIGSEGV' })),
    `killed by signal SIGSEGV · ${figures}`,
  )
  assert.equal(
    reportLine(result({ status: 'cpu-time-limit', limit: { kind: 'cpuTimeMs', limit: 1000, used: 1002 } })),
    `killed by the CPU time limit of 1 s (used 1.002 s) · ${figures}`,
  )
  assert.equal(
    reportLine(
      result({ status: 'process-limit', exitCode: 1, limit: { kind: 'processes', limit: 5, used: 5 } }),
    ),
    `exited with code 1, after the process limit (5) refused it another · ${figures}`,
  )
  assert.match(
    reportLine(result({ exitCode: 0, measuredBy: { cpuTime: 'init', memory: 'init', processes: 'rlimit' } })),
    /measured without a cgroup$/,
  )
})

test('each limit has its name and its unit', () => {
  const line = (kind: LimitKind, status: RunResult['status'], limit: number, used: number): string =>
    reportLine(result({ status, limit: { kind, limit, used } })).split(' · ')[0] ?? ''
  assert.equal(line('wallTimeMs', 'wall-time-limit', 1500, 1500), 'killed by the wall time limit of 1.5 s')
  assert.equal(
    line('memoryBytes', 'memory-limit', 2 ** 20, 2 ** 21),
    'killed by the memory limit of 1 MiB (used 2 MiB)',
  )
  assert.equal(line('outputBytes', 'output-limit', 1024, 1024), 'killed by the output limit of 1 KiB')
  assert.equal(line('fileSizeBytes', 'output-limit', 10, 10), 'killed by the file size limit of 10 B')
})

test('a denied call and a canceled run are told as such', () => {
  const violation = { syscall: 'socket', args: 'AF_INET, SOCK_STREAM, IPPROTO_IP' }
  assert.match(
    reportLine(result({ status: 'syscall-denied', violation })),
    /^killed by a denied system call: socket\(AF_INET, SOCK_STREAM, IPPROTO_IP\) · CPU/,
  )
  assert.match(reportLine(result({ status: 'canceled' })), /^canceled · CPU/)
})
