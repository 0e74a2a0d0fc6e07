/** The examples do what they say. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

function example(name: string): { lines: string[]; status: number | null; stderr: string } {
  const path = fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url))
  const { stdout, status, stderr } = spawnSync(process.execPath, [path], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { lines: stdout.trim().split('\n'), status, stderr }
}

test('a C++ solution is judged: right, wrong, slow, greedy, crashing', () => {
  const { lines, status, stderr } = example('judge-cpp.mjs')
  assert.equal(status, 0, stderr)
  assert.match(lines[0] ?? '', /^case +verdict +CPU ms +MiB$/)
  assert.deepEqual(
    lines.slice(1).map(line => line.replace(/ +\d+ +[\d.]+$/, '')),
    [
      '1     accepted',
      '2     wrong answer',
      '3     time limit exceeded',
      '4     memory limit exceeded',
      '5     runtime error',
    ],
  )
})

test('a Python script reads a CSV file and writes a result file', () => {
  const { lines, status, stderr } = example('python-csv.mjs')
  assert.equal(status, 0, stderr)
  assert.deepEqual(lines, ['2 cities', 'Bonn,4.00', 'Ulm,11.75'])
})

test('an agent has a conversation in one box', () => {
  const { lines, status, stderr } = example('agent-session.mjs')
  assert.equal(status, 0, stderr)
  const text = lines.join('\n')
  assert.match(text, /AssertionError\n\[exit code 1\]/)
  assert.match(text, /\n5\n\[exit code 0\]/)
  assert.match(text, /\[cpu-time-limit: ended by cpuTimeMs 1000\]/)
  assert.match(text, /No such file or directory\n\[exit code 1\]/)
  assert.match(text, /calc\.py\n\[exit code 0\]$/)
})
