/** Paths through /proc and through descriptors mean those of the thread that named them. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { test, type TestContext } from 'node:test'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import type { PathRule } from '#glassbox/policy/resolved.js'
import { PathDecider } from '#glassbox/supervisor/paths/decide-call.js'
import { judgeOf } from '#glassbox/supervisor/paths/rule-names.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'
import { pathRule as rule } from '../../support/path-rule.js'
import { type Decided, decided, type DecidedOptions } from '../support/decided.js'
import { callText } from '../support/call-text.js'

const GRANTED = 'granted'
const SECRET = 'secret'

/** A directory with a file that is granted, and one that is not. */
function places(context: TestContext): { readonly top: string; readonly rules: readonly PathRule[] } {
  const top = temporaryDirectory(context)
  for (const name of [GRANTED, SECRET]) {
    mkdirSync(`${top}/${name}`)
    writeFileSync(`${top}/${name}/file`, name)
  }
  return { top, rules: [rule('write', `${top}/${GRANTED}`)] }
}

const run = (context: TestContext, calls: readonly string[], options: DecidedOptions): Decided =>
  decided(context, calls.map(callText), options)

const textOf = (line: string | undefined): string =>
  Buffer.from(line?.split(' ')[1] ?? '', 'hex').toString('latin1')

test('links of /proc to the own process have the text that they have without a tracer', context => {
  const { lines } = run(
    context,
    [
      'getpid',
      'readlink,s:/proc/self,b,100',
      'readlink,s:/proc/thread-self,b,100',
      'readlink,s:/proc/self/exe,b,200',
    ],
    { rules: [rule('read', '/proc'), rule('read', '/dev')] },
  )
  const [pid] = lines
  assert.equal(textOf(lines[1]), pid)
  assert.equal(textOf(lines[2]), `${pid}/task/${pid}`)
  assert.match(textOf(lines[3]), /\/files$/)
})

test('the files of the own process are found by each of their names', context => {
  const names = [
    '/proc/self/status',
    '/proc/thread-self/status',
    '/proc/self/task/../status',
    '/proc//self/./status',
  ]
  const { lines, denied } = run(context, ['getpid', ...names.map(name => `open,s:${name},0`)], {})
  const [pid] = lines
  const status = `/proc/${pid}/status`
  const thread = `/proc/${pid}/task/${pid}/status`
  assert.deepEqual(
    denied,
    [status, thread, status, status].map(name => `${name}; read: ${name.replace(`${pid}`, 'self')}`),
  )
})

const ALIASES = [
  ...['/proc/self/root', '/proc/thread-self/root', '/proc/self/task/../root'].map(
    root => `${root}TOP/secret/file`,
  ),
  ...['/proc/self/cwd/../secret/file', '/proc/self/fd/3', '/proc/thread-self/fd/3', '/dev/fd/3'],
  ...['link-to-root/TOP/secret/file', 'link-to-fd', 'link-up/file', 'file/../../secret/file'],
]

test('no alias of a file gets around its rule, and the denial has its real name', context => {
  const { top, rules } = places(context)
  const cwd = `${top}/${GRANTED}`
  symlinkSync('/proc/self/root', `${cwd}/link-to-root`)
  symlinkSync('/proc/self/fd/3', `${cwd}/link-to-fd`)
  symlinkSync('../secret', `${cwd}/link-up`)
  const opens = ALIASES.map(name => `open,s:${name.replace('TOP', top)},0`)
  // Descriptor 3 is open with O_PATH, for which these rules ask nothing.
  const { lines, denied } = run(context, [`open,s:${top}/secret/file,0x200000`, ...opens], {
    rules,
    cwd,
    statAll: true,
  })
  assert.deepEqual(lines.slice(0, 1), ['3'])
  const name = `${top}/secret/file`
  const expected = ALIASES.filter(alias => !alias.startsWith('file/')).map(() => `${name}; read: ${name}`)
  assert.deepEqual(denied, expected)
  assert.deepEqual(new Set(lines.slice(1)), new Set(['-13', '-20']))
})

test('a descriptor that is granted can be opened again by its names in /proc', context => {
  const { top, rules } = places(context)
  const names = ['/proc/self/fd/3', '/dev/fd/3', '/proc/thread-self/fd/3']
  const { lines, denied } = run(
    context,
    [`open,s:${top}/granted/file,0`, ...names.map(name => `open,s:${name},0`), 'open,s:/dev/fd/77,0'],
    { rules: [...rules, rule('stat', '/')] },
  )
  assert.deepEqual(lines.slice(0, 4), ['3', '4', '5', '6'])
  assert.deepEqual(lines.slice(4), ['-2'])
  assert.deepEqual(denied, [])
})

const TRACER = [
  '/proc/PID/status',
  '/proc/PID/fd/0',
  '/proc/PID/cwd/x',
  '/proc/1/status',
  '/proc/1/root/etc/passwd',
]

for (const call of ['open', 'stat', 'chmod'])
  test(`${call}: other processes are refused, also the tracer and the first process`, context => {
    const names = TRACER.map(name => name.replace('PID', `${process.pid}`))
    const calls = names.map(name => `${call},s:${name},${call === 'stat' ? 'b' : 0}`)
    const { lines, denied } = run(context, calls, { rules: [rule('write', '/')] })
    assert.deepEqual(
      lines.map(line => line.split(' ')[0]),
      names.map(() => '-13'),
    )
    assert.equal(denied.length, names.length)
    for (const line of denied) assert.match(line, /; it belongs to a process outside the program$/)
  })

test('a relative path after the descriptor of another process is refused too', context => {
  const calls = [
    'open,s:/proc,0x10000',
    `openat,$0,s:${process.pid}/status,0`,
    'openat,$0,s:self/status,0',
    'openat,$0,s:1,0',
  ]
  const { lines } = run(context, calls, { rules: [rule('read', '/')] })
  assert.deepEqual(lines, ['3', '-13', '4', '-13'])
})

test('a thread with a directory and descriptors of its own names its own files', context => {
  const { top, rules } = places(context)
  const calls = [
    `chdir,s:${top}/granted`,
    `thread:openat,s:${top}/secret,-100,s:file,0`,
    `thread:openat,s:${top}/secret,0xffffff9c,s:file,0`,
    `thread:open,s:${top}/secret,s:/proc/thread-self/cwd/file,0`,
    'openat,-100,s:file,0',
  ]
  const { lines, denied } = run(context, calls, { rules, statAll: true })
  const name = `${top}/secret/file`
  assert.deepEqual(
    denied,
    [1, 2, 3].map(() => `${name}; read: ${name}`),
  )
  assert.deepEqual(lines, ['0', '-13', '-13', '-13', '3'])
})

test('D3: attributes of what the program has open are its own to know', context => {
  const { lines, denied } = run(
    context,
    ['newfstatat,1,s:,b,4096', 'newfstatat,0,0,b,4096', 'statx,1,s:,4096,7,b', 'fstat,1,b'],
    {},
  )
  assert.deepEqual(
    lines.map(line => line.split(' ')[0]),
    ['0', '0', '0', '0'],
  )
  assert.deepEqual(denied, [])
})

test('pipes, memory files and removed files are judged by what they are', context => {
  const { top, rules } = places(context)
  const calls = [
    'memfd_create,s:a,0',
    'fchmod,$0,0600',
    `open,s:${top}/granted/file,0`,
    `unlink,s:${top}/granted/file`,
    'fchmod,$2,0600',
    `open,s:${top}/secret/file,0`,
    'fchmod,1,0600',
  ]
  const { lines, denied } = run(context, calls, { rules: [...rules, rule('read', `${top}/secret`)] })
  assert.deepEqual(lines, ['3', '0', '4', '0', '0', '5', '-13'])
  assert.match(denied.join('\n'), /^\/.*\/output; write: \/.*\/output$/)
})

test('a removed file that the rules let only be read stays unchanged', context => {
  const { top } = places(context)
  const path = `${top}/secret/file`
  const opened = run(context, [`open,s:${path},0`, `unlink,s:${path}`, 'fchmod,$0,0600'], {
    rules: [rule('read', path, 'exact'), rule('write', `${top}/other`)],
  })
  assert.deepEqual(opened.lines, ['3', '-13', '-13'])
})

test('sockets that could reach servers of the host by name are refused, others are not', context => {
  const { lines, denied } = run(context, ['socket,1,1,0', 'socketpair,1,2,0,b'], {})
  assert.deepEqual(
    lines.map(line => line.split(' ')[0]),
    ['-13', '-13'],
  )
  for (const line of denied) assert.match(line, /^; a UNIX socket could reach servers of the host/)
  assert.equal(denied.length, 2)
})

const UNSAFE = [
  'chroot,s:/',
  'openat2,-100,s:/etc/passwd,b,24',
  'socketpair,1,3,0,b',
  'name_to_handle_at,-100,s:/etc,b,b,0',
  'mount,s:a,s:/mnt,s:tmpfs,0,0',
]

test('a file cannot be opened for its attributes alone if they are secret', context => {
  const { top, rules } = places(context)
  const calls = [`open,s:${top}/granted/file,0x200000`]
  assert.deepEqual(run(context, calls, { rules }).lines, ['-13'])
  assert.deepEqual(run(context, calls, { rules, statAll: true }).lines, ['3'])
})

test('a path that is longer than the kernel tells gets around no rule', context => {
  const { top, rules } = places(context)
  const name = 'd'.repeat(200)
  const depth = 21
  const down = Array.from({ length: depth }, () => [`mkdir,s:${name},0700`, `chdir,s:${name}`]).flat()
  const up = Array.from({ length: depth }, () => ['chdir,s:..', `rmdir,s:${name}`]).flat()
  const calls = [...down, 'creat,s:file,0600', 'chmod,s:file,0644', 'unlink,s:file', ...up]
  const results = (where: string): readonly string[] =>
    run(context, calls, { rules, cwd: `${top}/${where}`, statAll: true }).lines
  // What the kernel makes is left to Landlock, which is not there in this test.
  assert.deepEqual(
    results(GRANTED).map(line => line.split(' ')[0]),
    calls.map(text => (text.startsWith('creat') ? '3' : text.startsWith('chmod') ? '-13' : '0')),
  )
  const refused = results(SECRET).filter((_, index) => calls[index] !== 'chdir,s:..')
  assert.ok(refused.every(line => line.startsWith('-')))
})

test('a call that cannot be made safe is denied', context => {
  const { lines, denied } = run(context, UNSAFE, { rules: [rule('write', '/')] })
  assert.deepEqual(
    lines.map(line => line.split(' ')[0]),
    UNSAFE.map(() => '-13'),
  )
  assert.deepEqual(
    denied.map(line => line.replace(/.*; /, '')),
    UNSAFE.map(text =>
      text.startsWith('socketpair')
        ? 'a UNIX socket could reach servers of the host by their names'
        : 'no way to make this call is safe under rules about paths',
    ),
  )
})

test('an interpreter or a loader that may not be executed is named', context => {
  const { top, rules } = places(context)
  const script = (name: string, interpreter: string): string => {
    writeFileSync(`${top}/granted/${name}`, `#! ${interpreter} -x\n`)
    chmodSync(`${top}/granted/${name}`, 0o755)
    return `${top}/granted/${name}`
  }
  const inner = script('inner', '/bin/sh')
  const outer = script('outer', inner)
  const secret = script('secret', `${top}/secret/file`)
  const all = [...rules, rule('execute', `${top}/granted`)]
  const { lines, denied } = run(context, [`execve,s:${secret},0,0`, `execve,s:${outer},0,0`], { rules: all })
  assert.deepEqual(denied, [`${top}/secret/file; execute: ${top}/secret/file`])
  // The shell runs, and finds no program to read.
  assert.deepEqual(lines, ['-13'])
})

test('the loader of a program is named', context => {
  const { top, rules } = places(context)
  const loader = realpathSync('/lib64/ld-linux-x86-64.so.2')
  copyFileSync(program('files'), `${top}/granted/files`)
  const decider = new PathDecider({
    judge: judgeOf([...rules, rule('execute', `${top}/granted`)]),
    statAll: true,
  })
  const memory = Buffer.from(`${top}/granted/files\0`)
  const decision = decider.decide({
    tid: process.pid,
    pid: process.pid,
    nr: syscallNumber('execve'),
    args: [4096n, 0n, 0n, 0n, 0n, 0n],
    read: (address, length) => memory.subarray(Number(address - 4096n), Number(address - 4096n) + length),
    write: () => 14,
    isMember: () => true,
  })
  assert.deepEqual(decision, { kind: 'deny', path: loader, rule: `execute: ${loader}` })
})

test('a file that does not exist is denied if its absence is a secret, and fails by itself otherwise', context => {
  const { top, rules } = places(context)
  const calls = [
    `stat,s:${top}/secret/none,b`,
    `open,s:${top}/secret/none,0`,
    `access,s:${top}/granted/none,0`,
  ]
  const results = (statAll: boolean): string[] =>
    run(context, calls, { rules, statAll }).lines.map(line => line.split(' ')[0] ?? '')
  assert.deepEqual(results(false), ['-13', '-13', '-2'])
  assert.deepEqual(results(true), ['-2', '-2', '-2'])
})

test('a file that a call would make is judged by its name, also behind a dangling link', context => {
  const { top, rules } = places(context)
  symlinkSync('../secret/new', `${top}/granted/dangling`)
  const names = [`${top}/granted/dangling`, `${top}/granted/../secret/new`]
  const { lines, denied } = run(
    context,
    [
      ...names.map(name => `open,s:${name},66,0600`),
      `open,s:${top}/granted/new,66,0600`,
      `mkdir,s:${top}/secret/d,0700`,
    ],
    { rules, statAll: true },
  )
  assert.deepEqual(lines, ['-13', '-13', '3', '-13'])
  const made = ['new', 'new', 'd'].map(name => `${top}/secret/${name}`)
  assert.deepEqual(
    denied,
    made.map(name => `${name}; write: ${name}`),
  )
  assert.equal(readlinkSync(`${top}/granted/dangling`), '../secret/new')
})

test('both names of a rename and of a link are judged', context => {
  const { top, rules } = places(context)
  const [inside, outside] = [`${top}/granted/file`, `${top}/secret/file`]
  const { lines } = run(
    context,
    ['rename', 'link'].flatMap(call => [
      `${call},s:${inside},s:${outside}`,
      `${call},s:${outside},s:${inside}`,
      `${call},s:${inside},s:${inside}.${call}`,
      ...(call === 'rename' ? [`rename,s:${inside}.rename,s:${inside}`] : []),
    ]),
    { rules },
  )
  assert.deepEqual(lines, ['-13', '-13', '0', '0', '-13', '-13', '0'])
})
