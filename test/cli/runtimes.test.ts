/**
 * Language runtimes size themselves by the memory limit and the CPUs of their box. Each program
 * runs natively first, where it finds those of the host.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { assertNoGroupsLeft, command, glassbox } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

after(assertNoGroupsLeft)

const MIB = 2 ** 20
const noGroups = 'missing' in Cgroup.plan({}) ? 'needs cgroups' : undefined
const isMissing = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0
const needs = (...programs: readonly string[]): false | string => {
  const missing = noGroups ?? programs.find(isMissing)
  return missing === undefined ? false : missing === noGroups ? missing : `needs ${missing}`
}

const ENOUGH = ['--cpu-time', '30s', '--wall-time', '120s']

/** 2000 arrays of 4 KB are alive at a time; 240 MB are allocated. */
const LIVE = `import java.util.*;
public class Live { public static void main(String[] a) {
  Map<Integer,int[]> m = new HashMap<>(); long s = 0;
  for (int r = 0; r < 30; r++) { for (int i = 0; i < 2000; i++) m.put(i, new int[1000]); s += m.get(7).length; }
  System.out.println("ok " + s); } }`

function javaClass(context: TestContext): string {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  writeFileSync(join(directory, 'Live.java'), LIVE)
  execFileSync('javac', ['Live.java'], { cwd: directory, stdio: 'pipe' })
  return directory
}

test('a JVM collects in time to stay below the limit [A]', { skip: needs('javac', 'java') }, context => {
  const cwd = javaClass(context)
  assert.equal(execFileSync('java', ['-cp', '.', 'Live'], { cwd, encoding: 'utf8' }), 'ok 30000\n')
  const { code, out, err } = glassbox(
    ['run', ...ENOUGH, '--memory', '128MiB', '--copy-in', 'Live.class', '--', 'java', '-cp', '.', 'Live'],
    { cwd },
  )
  assert.deepEqual([code, out], [0, 'ok 30000\n'], err)
})

test('a JVM’s heap is a quarter of the limit and its CPUs are those that it may use [A]', {
  skip: needs('java'),
}, () => {
  const flags = ['-XX:+PrintFlagsFinal', '-Xlog:os+container=debug', '-version']
  const heap = (text: string): number => Number(/MaxHeapSize\s+= (\d+)/.exec(text)?.[1])
  const native = spawnSync('java', flags, { encoding: 'utf8' })
  const { out, err } = glassbox(['run', ...ENOUGH, '--memory', '1GiB', '--', 'java', ...flags])
  assert.equal(heap(out), 256 * MIB, err)
  assert.notEqual(heap(native.stdout), 256 * MIB)
  assert.doesNotMatch(out, /subsystem path is NULL|Required cgroup/)
})

test('Node sees the limit, and sizes its heap by it [A]', { skip: needs() }, () => {
  const script = 'console.log(process.constrainedMemory(), v8.getHeapStatistics().heap_size_limit)'
  const options = [...ENOUGH, '--memory', '512MiB', '--bind', process.execPath]
  const { out, err, code } = glassbox(['run', ...options, '--', process.execPath, '-e', script])
  const [limit, heap = NaN] = out.trim().split(' ').map(Number)
  assert.deepEqual([code, limit], [0, 512 * MIB], err)
  assert.ok(heap <= 600 * MIB, `${heap}`)
})

/** How each program says how many CPUs it may use. */
const COUNTS: readonly (readonly [program: string, ...args: string[]])[] = [
  ['nproc'],
  ['/usr/bin/python3', '-c', 'import os; print(len(os.sched_getaffinity(0)))'],
  ['erl', '-noshell', '-eval', 'io:format("~p~n",[erlang:system_info(schedulers_online)]),halt().'],
]

for (const [program, ...args] of COUNTS)
  test(`${program} counts the CPUs that the service may use`, { skip: needs('taskset', program) }, () => {
    const onOne = (words: readonly string[]): string =>
      execFileSync('taskset', ['-c', '0', ...words], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    assert.equal(onOne([program, ...args]), '1\n')
    assert.equal(onOne([process.execPath, command, 'run', ...ENOUGH, '--', program, ...args]), '1\n')
  })
