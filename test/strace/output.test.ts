/** Where the trace goes, and what happens when it cannot go there. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { needsRoot } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { OURS, strace } from './support/strace.js'

const ENDS = ['-e', 'trace=exit_group']

test('a file, made anew or appended to', context => {
  const file = join(temporaryDirectory(context), 'out')
  writeFileSync(file, 'before\n')
  strace('-A', '-o', file, ...ENDS, 'true')
  assert.match(readFileSync(file, 'utf8'), /^before\nexit_group\(0\) +=/)
  strace('-o', file, ...ENDS, 'true')
  assert.match(readFileSync(file, 'utf8'), /^exit_group\(0\) += \?\n\+\+\+ exited with 0 \+\+\+\n$/)
})

test('a file a thread with -ff, none without threads of that name', context => {
  const directory = temporaryDirectory(context)
  const { code, err } = strace(
    '-ff',
    '-o',
    join(directory, 'out'),
    ...ENDS,
    '-e',
    'signal=none',
    program('straced'),
    'child',
  )
  assert.deepEqual([code, err], [0, ''])
  const names = readdirSync(directory)
  assert.equal(names.length, 2)
  for (const name of names) {
    assert.match(name, /^out\.\d+$/)
    assert.match(
      readFileSync(join(directory, name), 'utf8'),
      /^exit_group\((0|3)\) += \?\n\+\+\+ exited with \1 \+\+\+\n$/,
    )
  }
})

test('with -ff, a thread of which nothing is shown has an empty file', context => {
  const directory = temporaryDirectory(context)
  const nothing = ['-qq', '-e', 'signal=none', '-e', 'trace=chroot']
  strace('-ff', '-o', join(directory, 'out'), ...nothing, program('straced'), 'child')
  const files = readdirSync(directory).map(name => readFileSync(join(directory, name), 'utf8'))
  assert.deepEqual(files, ['', ''])
})

test('a program that reads it, by | and by !, is waited for', context => {
  const file = join(temporaryDirectory(context), 'out')
  for (const mark of ['|', '!']) {
    const { code, err } = strace('-o', `${mark}sleep 0.2; tr a-z A-Z >${file}`, ...ENDS, 'sh', '-c', 'exit 4')
    assert.deepEqual([code, err], [4, ''])
    assert.match(readFileSync(file, 'utf8'), /^EXIT_GROUP\(4\) += \?\n\+\+\+ EXITED WITH 4 \+\+\+\n$/)
  }
})

/** Runs in a PID namespace of its own, so the next process id can be chosen. */
const REUSED_ID = `cd "$0"
  "$@" strace -o '|exec 3<&0; echo $$ >reader; cat <&3 >log &' -e trace=exit_group sh -c '
    until test -s reader; do :; done
    reader=$(cat reader)
    while kill -0 $reader 2>/dev/null; do :; done
    echo $((reader - 1)) > /proc/sys/kernel/ns_last_pid
    setsid sleep 8 >/dev/null 2>&1 &
    echo $! >stranger'
  kill -0 $(cat stranger) && echo "ended before the stranger"
  kill $(cat stranger)`

test('a process that got the id of a reader that has ended is not waited for [D20]', {
  skip: needsRoot,
}, context => {
  const directory = temporaryDirectory(context)
  const isolated = ['-pf', '--mount-proc', '/bin/sh', '-c', REUSED_ID, directory, ...OURS.slice(0, 2)]
  const stdout = execFileSync('unshare', isolated, { encoding: 'utf8' })
  const [reader, stranger, log] = ['reader', 'stranger', 'log'].map(name =>
    readFileSync(join(directory, name), 'utf8'),
  )
  assert.match(log ?? '', /exit_group\(0\)/)
  assert.equal(stranger, reader, 'control: the id was reused')
  assert.equal(stdout, 'ended before the stranger\n')
})

test('a reader that goes away is told once, and the command runs to its end', () => {
  const { code, err, out } = strace(
    '-f',
    '-o',
    '|exit 0',
    'sh',
    '-c',
    'ls -lR /usr/share >/dev/null 2>&1; echo done',
  )
  assert.deepEqual([code, err], [1, 'strace: |exit 0: Broken pipe\n'])
  waitFor(() => out === '' || out === 'done\n')
})

/** A full disk is a small one. */
function small(context: Parameters<typeof temporaryDirectory>[0]): string {
  const directory = join(temporaryDirectory(context), 'disk')
  mkdirSync(directory)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', directory])
  return directory
}

test('a disk that fills: one clear line, exit 1, and the command goes on untraced', {
  skip: notRoot(),
}, context => {
  const directory = small(context)
  const marker = join(temporaryDirectory(context), 'done')
  try {
    const { code, err } = strace(
      ...['-f', '-o', join(directory, 'out'), 'sh', '-c', `find /usr/share >/dev/null; echo done >${marker}`],
    )
    assert.deepEqual([code, err], [1, `strace: ${directory}/out: No space left on device\n`])
    waitFor(() => existsSync(marker) && readFileSync(marker, 'utf8') === 'done\n')
  } finally {
    execFileSync('umount', [directory])
  }
})

test('with a filter, without which it could not live on, it is traced in silence to its end', {
  skip: notRoot(),
}, context => {
  const directory = small(context)
  const marker = join(temporaryDirectory(context), 'done')
  try {
    const { code, err } = strace(
      ...['-f', '--seccomp-bpf', '-e', 'trace=newfstatat,openat', '-o', join(directory, 'out')],
      ...['sh', '-c', `ls -lR /usr/share >/dev/null; echo done >${marker}`],
    )
    assert.deepEqual([code, err], [1, `strace: ${directory}/out: No space left on device\n`])
    assert.equal(readFileSync(marker, 'utf8'), 'done\n')
  } finally {
    execFileSync('umount', [directory])
  }
})

test('on stderr the trace keeps its place among what the program writes there', () => {
  const line = /^write\(1, "one\\n", 4one\n\) += 4\nwrite\(1, "two\\n", 4two\n\) += 4\n\+\+\+ exited/
  assert.match(strace('-e', 'trace=write', 'sh', '-c', 'echo one >&2; echo two >&2').err, line)
  const { err } = strace('-e', 'trace=exit_group', 'sh', '-c', 'echo one >&2')
  assert.match(err, /^one\nexit_group/)
})

test('an output of many threads loses nothing', () => {
  const { err } = strace('-f', '-qq', '-e', 'trace=umask', program('straced'), 'threads')
  const whole = err.split('\n').filter(line => /umask\(022\) += 022$|resumed>\) += 022$/.test(line))
  assert.equal(whole.length, 15)
})

function notRoot(): false | string {
  return process.getuid?.() !== 0 && 'mounting needs root'
}

function waitFor(condition: () => boolean): void {
  const word = new Int32Array(new SharedArrayBuffer(4))
  for (let tries = 0; tries < 500 && !condition(); tries++) Atomics.wait(word, 0, 0, 20)
  assert.ok(condition())
}
