/**
 * -k. The positive control is a guest whose chain of functions is known; then the text is strace's
 * on the same programs. The two differ on purpose where strace guesses or stops early: it finds no
 * rules in static programs (they have no .eh_frame_hdr), none and no names in the vdso, none in
 * files that were deleted, and none in programs whose linker gave their code's segment an odd
 * place in the file (LLD).
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { native, program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { both, noStrace, OURS, runTracer, strace, THEIRS } from './support/strace.js'

/** The lines of an output file. */
function traced(context: TestContext, ...args: readonly string[]): string[] {
  const file = join(temporaryDirectory(context), 'out')
  const { code, err } = strace('-k', '-o', file, ...args)
  assert.equal(code, 0, err)
  return readFileSync(file, 'utf8').trimEnd().split('\n')
}

/** The frames below the first line that has this in it. */
function stackBelow(lines: readonly string[], what: string): string[] {
  const first = lines.findIndex(line => line.includes(what))
  assert.ok(first >= 0, `no ${what} in ${lines.join('\n')}`)
  const after = lines.slice(first + 1)
  const end = after.findIndex(line => !line.startsWith(' > '))
  return end < 0 ? after : after.slice(0, end)
}

const FRAME = /^ > (\S.*)\(([^()+]*)(?:\+0x([0-9a-f]+))?\) \[0x[0-9a-f]+\]$/

/** The functions of a stack that are the guest's. */
const functionsOf = (stack: readonly string[], file: string): string[] =>
  stack.flatMap(line => {
    const [, object, name = ''] = FRAME.exec(line) ?? []
    return object === file ? [name] : []
  })

const VARIANTS: readonly (readonly string[])[] = [
  [],
  ['-fomit-frame-pointer', '-O2'],
  ['-fno-omit-frame-pointer'],
  ['-no-pie'],
  ['-static'],
  ['-static-pie'],
  ['-fno-omit-frame-pointer', '-fno-asynchronous-unwind-tables', '-fno-exceptions'],
]

for (const flags of VARIANTS) {
  const of = (): string => program('stacks', flags)
  test(`the chain of a guest built with ${flags.join(' ') || 'nothing'} is told whole`, context => {
    assert.equal(spawnSync(of(), ['chain']).stdout.toString(), 'c')
    const stack = stackBelow(traced(context, '-e', 'trace=write', of(), 'chain'), 'write(1, "c"')
    const names = functionsOf(stack, of())
    const own = names.slice(names.indexOf('gamma_'))
    assert.deepEqual(own.slice(0, 4), ['gamma_', 'beta', 'alpha', 'main'], stack.join('\n'))
    assert.equal(own.at(-1), '_start', stack.join('\n'))
  })
}

test('recursion, up to the limit of frames that was asked for', context => {
  assert.deepEqual(native('stacks', ['deep']), { code: 0, signal: null })
  const frames = (...args: readonly string[]): string[] => {
    const lines = traced(context, ...args, '-e', 'trace=write', program('stacks'), 'deep')
    return stackBelow(lines, 'write(')
  }
  const MORE = ' > too many stack frames'
  const [usual, few] = [frames(), frames('--stack-trace-frame-limit=3')]
  assert.deepEqual([usual.length, usual.at(-1)], [257, MORE])
  assert.deepEqual([few.length, few.at(-1)], [4, MORE])
  const all = frames('--stack-trace-frame-limit=1000')
  const names = functionsOf(all, program('stacks'))
  // A limit that is just reached cuts nothing.
  assert.deepEqual(frames(`--stack-trace-frame-limit=${all.length}`), all)
  assert.equal(frames(`--stack-trace-frame-limit=${all.length - 1}`).at(-1), MORE)
  assert.deepEqual([names.filter(name => name === 'deep').length, names.at(-1)], [301, '_start'])
})

test('a handler: through the frame of its signal to what it interrupted, which is shown at the signal too', context => {
  assert.deepEqual(native('stacks', ['signal']), { code: 0, signal: null })
  const lines = traced(context, '-e', 'trace=write', program('stacks'), 'signal')
  const file = program('stacks')
  assert.deepEqual(functionsOf(stackBelow(lines, 'write('), file), [
    'gamma_',
    'handler',
    'raiser',
    'main',
    '_start',
  ])
  assert.deepEqual(functionsOf(stackBelow(lines, '--- SIGUSR1'), file), ['raiser', 'main', '_start'])
})

test('a thread: to the function that it began with', context => {
  const lines = traced(context, '-f', '-e', 'trace=write', program('stacks'), 'thread')
  const stack = stackBelow(lines, 'write(')
  assert.deepEqual(functionsOf(stack, program('stacks')), ['gamma_', 'beta', 'alpha', 'runner'])
  assert.match(stack.at(-1) ?? '', /libc/)
})

test('a vfork child stands in the stack of its parent', context => {
  const lines = traced(context, '-f', '-e', 'trace=write,wait4', program('stacks'), 'vfork')
  const file = program('stacks')
  assert.deepEqual(functionsOf(stackBelow(lines, 'write('), file), ['gamma_', 'parent', 'main', '_start'])
  // Where the child ends in the middle of the call, its line is in two halves; the stack follows
  // the second.
  const whole = lines.filter(line => !line.endsWith('<unfinished ...>'))
  assert.deepEqual(functionsOf(stackBelow(whole, 'wait4'), file), ['parent', 'main', '_start'])
})

test('an execve has the stack that it was made from, the new program its own', context => {
  const lines = traced(context, '-e', 'trace=execve,write', program('stacks'), 'exec')
  const second = lines.slice(lines.findIndex(line => line.startsWith('execve(')) + 1)
  assert.deepEqual(functionsOf(stackBelow(second, 'execve('), program('stacks')), ['main', '_start'])
  assert.equal(functionsOf(stackBelow(second, 'write('), program('stacks')).length, 5)
})

test('a stripped program has frames without names', context => {
  const of = (file: string): string[] =>
    stackBelow(traced(context, '-e', 'trace=write', file, 'chain'), 'write(1, "c"')
  const named = of(program('stacks'))
  const bare = of(program('stacks', ['-s']))
  const shape = (line: string): string => line.replace(/.* (?=\[)/, '')
  assert.equal(bare.length, named.length)
  assert.deepEqual(
    bare.filter(line => line.includes('libc')).map(shape),
    named.filter(line => line.includes('libc')).map(shape),
  )
  assert.deepEqual(functionsOf(bare, program('stacks', ['-s'])), ['', '', '', '', ''])
})

test('a program that was deleted, and one that was replaced: its own frames, not those of the other', async context => {
  const directory = temporaryDirectory(context)
  const file = join(directory, 'gone')
  copyFileSync(program('stacks'), file)
  const gone = stackBelow(traced(context, '-e', 'trace=write', file, 'unlink'), 'write(')
  assert.equal(gone.filter(line => line.includes(`${file} (deleted)(`)).length, 5, gone.join('\n'))
  assert.match(gone.at(-1) ?? '', process.getuid?.() === 0 ? /\(_start\+/ : /\(/)

  // Attached to while another file has its name.
  mkdirSync(join(directory, 'other'))
  const replaced = join(directory, 'replaced')
  copyFileSync('/bin/sleep', replaced)
  const child = spawn(replaced, ['30'])
  context.after(() => child.kill('SIGKILL'))
  await once(child, 'spawn')
  copyFileSync(program('stacks'), join(directory, 'other', 'replaced'))
  renameSync(join(directory, 'other', 'replaced'), replaced)
  const tracer = spawn(OURS[0] ?? '', [
    ...OURS.slice(1),
    '-k',
    '-p',
    String(child.pid),
    '-o',
    join(directory, 'out'),
  ])
  context.after(() => tracer.kill('SIGKILL'))
  await once(tracer.stderr, 'data')
  child.kill('SIGCONT')
  const has = (): string => readFileSync(join(directory, 'out'), 'utf8')
  for (let tries = 0; tries < 200 && !has().includes('(deleted)('); tries++)
    await new Promise(resolve => setTimeout(resolve, 50))
  child.kill('SIGKILL')
  await once(tracer, 'exit')
  const text = has()
  assert.ok(text.includes(`${replaced} (deleted)(`), text)
  assert.ok(!/alpha|beta|gamma_/.test(text), text)
})

test('--json: a stack with each call and signal, and none without -k', context => {
  const file = join(temporaryDirectory(context), 'out')
  const events = (...args: readonly string[]): Record<string, unknown>[] => {
    strace('--json', ...args, '-o', file, '-e', 'trace=write,exit_group', program('stacks'), 'signal')
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    return lines.map(line => JSON.parse(line) as Record<string, unknown>)
  }
  const own = (event: Record<string, unknown> | undefined): unknown[] =>
    ((event?.['stack'] ?? []) as Record<string, unknown>[])
      .filter(({ object }) => object === program('stacks'))
      .map(({ symbol }) => symbol)
  const all = events('-k')
  assert.deepEqual(own(all.find(({ name }) => name === 'write')), [
    'gamma_',
    'handler',
    'raiser',
    'main',
    '_start',
  ])
  assert.deepEqual(own(all.find(({ type }) => type === 'signal')), ['raiser', 'main', '_start'])
  assert.deepEqual(own(all.find(({ unfinished }) => unfinished === true)), ['_start'])
  assert.ok(events().every(event => event['stack'] === undefined))
})

const STACKS = program('stacks')
/** What both say, line for line. rt_sigreturn's mask is another matter. */
const CASES: readonly (readonly string[])[] = [
  ['-k', '-o', 'FILE', STACKS, 'chain'],
  ['-k', '-e', 'trace=write', '-o', 'FILE', STACKS, 'deep'],
  ['-k', '-e', 'trace=!rt_sigreturn', '-o', 'FILE', STACKS, 'signal'],
  ['-k', '-ff', '-e', 'trace=execve,write,exit,exit_group', '-o', 'FILE', STACKS, 'thread'],
  [
    '-k',
    '-ff',
    '-e',
    'trace=execve,write,exit,exit_group',
    '-e',
    'signal=none',
    '-o',
    'FILE',
    STACKS,
    'vfork',
  ],
  ['-k', '-f', '-e', 'trace=execve,mmap,munmap,exit_group', '-o', 'FILE', STACKS, 'exec'],
  ['-k', '-z', '-e', 'trace=write,access,exit_group', '-o', 'FILE', STACKS, 'chain'],
  ['-k', '-qqq', '-e', 'trace=write,exit_group', '-o', 'FILE', STACKS, 'chain'],
  ['-k', '-e', 'trace=write', '-e', 'write=1', '-o', 'FILE', STACKS, 'chain'],
  ['-k', '-o', 'FILE', program('stacks', ['-s']), 'chain'],
  ['-k', '-o', 'FILE', program('stacks', ['-no-pie']), 'chain'],
  ['-k', '-o', 'FILE', '/nonexistent/program'],
  ['-k', '-o', 'FILE', '/bin/ls', '/usr'],
  ['-k', '-c', '-e', 'trace=none', '-o', 'FILE', '/bin/true'],
]

for (const args of CASES)
  test(`as strace has it: ${args.filter(word => word !== '-o' && word !== 'FILE').join(' ')}`, {
    skip: noStrace,
  }, () => {
    const { ours, theirs } = both(args)
    assert.equal(ours, theirs)
  })

const noPython: false | string =
  noStrace || (spawnSync('/usr/bin/python3', ['-V']).status !== 0 && '/usr/bin/python3 is not installed')

test('as strace has it: the stacks of python3', { skip: noPython }, context => {
  const directory = temporaryDirectory(context)
  const of = (tracer: readonly string[], name: string): string[] => {
    const file = join(directory, name)
    const command = ['/usr/bin/python3', '-S', '-E', '-c', 'open("/etc/hostname").read()']
    runTracer(tracer, ['-k', '-e', 'trace=openat,read,exit_group', '-o', file, ...command])
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter(line => line.startsWith(' > '))
  }
  of(THEIRS, 'warm')
  const ours = of(OURS, 'ours')
  assert.ok(ours.length > 100)
  assert.deepEqual(ours, of(THEIRS, 'theirs'))
})

test('where strace guesses by the frame pointer and stops: its frames are among ours, which go on', {
  skip: noStrace,
}, context => {
  const file = join(temporaryDirectory(context), 'out')
  for (const flags of [['-static'], ['-static', '-s']]) {
    const guest = program('stacks', flags)
    runTracer(THEIRS, ['-k', '-e', 'trace=write', '-o', file, guest, 'chain'])
    const theirs = stackBelow(readFileSync(file, 'utf8').split('\n'), 'write(')
    const ours = stackBelow(traced(context, '-e', 'trace=write', guest, 'chain'), 'write(')
    const found = theirs.filter(line => FRAME.test(line))
    assert.equal(ours[0], found[0])
    assert.deepEqual(
      found.filter(line => !ours.includes(line)),
      [],
    )
    assert.ok(found.length < 5 && ours.length > 5, `${theirs.join('\n')}\n${ours.join('\n')}`)
  }
})

test('what is not there is refused by name, and what is of no use is said', () => {
  assert.match(strace('--stack-trace=source', 'true').err, /--stack-trace=source is not available/)
  assert.match(strace('--stack-trace=x', 'true').err, /invalid --stack-trace argument: 'x'/)
  assert.match(
    strace('--stack-trace-frame-limit=0', 'true').err,
    /invalid --stack-trace-frame-limit argument: '0'/,
  )
  assert.match(strace('-k', '--tree', 'true').err, /-k\/--stack-traces has no effect/)
})
