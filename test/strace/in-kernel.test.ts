/**
 * `glassbox strace --runner kernel`: the text of a program in the kernel of TypeScript is the text
 * of the same program on the host, but for what the two have different: ids, addresses, users and
 * limits. Options that need a process of the host are refused.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { straceOptions } from '#glassbox/cli/strace/options.js'
import { DEFAULT_ENV } from '#glassbox/job/box-layout.js'
import { assertNothingLeft, type Surroundings, surroundings } from '../support/left.js'
import { temporaryDirectory } from '../support/temporary.js'
import { normalized, OURS, type Ran, runTracer } from './support/strace.js'

const KERNEL = [...OURS, '--runner', 'kernel']

/** Lines about what the world and the host have different. */
const FACTS = /^(?:rseq|getrandom|set_tid_address|prlimit64|clock_gettime|time)\(/

const shown = ({ out, err, code, signal }: Ran): unknown => ({
  ...{ out, code, signal },
  lines: normalized(err)
    .split('\n')
    .filter(line => !FACTS.test(line))
    .map(line => line.replace(/AT_FDCWD<[^>]*>/, 'AT_FDCWD<DIR>')),
})

/** Runs it both ways, natively first, with the same variables. */
function both(args: readonly string[]): { readonly native: unknown; readonly kernel: unknown } {
  const native = runTracer(OURS, args, { cwd: '/usr', env: { ...DEFAULT_ENV } })
  assert.ok(native.err.length > 0)
  return { native: shown(native), kernel: shown(runTracer(KERNEL, args)) }
}

const BSD = '/usr/share/common-licenses/BSD'

/** Programs whose calls do not depend on the host, and all kinds of options. */
const SAME: readonly (readonly string[])[] = [
  ['cat', BSD],
  ['-e', 'trace=%memory', 'sort', '--version'],
  ['-N', '-v', '-y', '-e', 'trace=openat,read,close', 'head', '-1', BSD],
  ['-k', '-e', 'trace=write', 'echo', 'stacks'],
  ['-P', BSD, '-z', 'cat', BSD, '/usr/bin/false'],
  ['-e', 'inject=access:error=EIO:delay_enter=10', '-e', 'inject=brk:retval=0x10', 'true'],
  ['-e', 'trace=access', '-e', 'inject=access:signal=USR1', 'true'],
  ['-e', 'trace=openat', '-e', 'inject=openat:poke_enter=@arg2=2f00:error=EIO', 'cat'],
  ['-e', 'inject=execve:error=EPERM', 'true'],
]

describe('strace in the kernel of TypeScript', () => {
  let around: Surroundings
  before(() => {
    around = surroundings()
  })
  after(() => assertNothingLeft(around))

  for (const args of SAME)
    test(args.join(' '), { skip: existsSync(BSD) ? false : `${BSD} is not installed` }, () => {
      const { native, kernel } = both(args)
      assert.deepEqual(kernel, native)
    })

  test('the command ends as its program did', () => {
    const killed = runTracer(KERNEL, ['-e', 'trace=none', 'sh', '-c', 'kill -USR1 $$'])
    assert.match(killed.err, /^--- SIGUSR1 \{.*\+\+\+ killed by SIGUSR1 \+\+\+\n$/s)
    assert.equal(killed.signal, 'SIGUSR1')
    assert.equal(runTracer(KERNEL, ['-e', 'trace=none', 'sh', '-c', 'exit 7']).code, 7)
  })

  test('-f follows children, without it they are not seen; -b execve lets them go', () => {
    const lines = (...options: string[]): string =>
      runTracer(KERNEL, [...options, '-e', 'trace=execve', 'sh', '-c', '/bin/true; exit 3']).err
    assert.match(lines('-f'), /\[pid +3\] execve\("\/bin\/true", .*\) = 0\n[^]*\+\+\+ exited with 3 \+\+\+/)
    assert.doesNotMatch(lines(), /\/bin\/true", /)
    const released = lines('-f', '-b', 'execve')
    assert.match(released, /execve\("\/bin\/true", .*\n <detached \.\.\.>/)
    assert.match(released, /\+\+\+ exited with 3 \+\+\+/)
  })

  test('-o FILE, -ff, -c, --json and a pipe have the trace; streams stay the program’s', context => {
    const directory = temporaryDirectory(context)
    const file = join(directory, 'trace')
    const run = (...args: string[]): Ran => runTracer(KERNEL, args, { input: 'in\n' })
    const ran = run('-o', file, 'cat')
    assert.deepEqual([ran.out, ran.err, ran.code], ['in\n', '', 0])
    assert.match(readFileSync(file, 'utf8'), /^read\(0, "in\\n", \d+\) += 3$/m)
    run('-ff', '-o', file, 'sh', '-c', '/bin/true; :')
    assert.deepEqual(readdirSync(directory).toSorted(), ['trace', 'trace.2', 'trace.3'])
    assert.match(run('-c', 'true').err, /^ *\d+\.\d+ +\d+\.\d+ +\d+ +1 +execve$/m)
    const events = run('--json', '-e', 'trace=exit_group', 'true').err.split('\n').filter(Boolean)
    assert.ok(
      events.map(line => JSON.parse(line) as { name?: string }).some(({ name }) => name === 'exit_group'),
    )
    run('-o', `|cat > ${join(directory, 'piped')}`, 'true')
    assert.match(readFileSync(join(directory, 'piped'), 'utf8'), /^exit_group\(0\)/m)
  })

  test('-yy names the ends of sockets as on the host', () => {
    const program = [
      ...['import os, socket', 'a, b = socket.socketpair()', 'os.write(a.fileno(), b"x")'],
      ...['s = socket.socket(socket.AF_UNIX)', 's.bind("\\0glassbox-%d" % os.getppid())', 's.listen()'],
      ...['c = socket.socket(socket.AF_UNIX)', 'c.connect(s.getsockname())', 'd, _ = s.accept()'],
      ...['os.write(c.fileno(), b"y")', 'os.write(d.fileno(), b"z")'],
      'e, f = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM); os.write(e.fileno(), b"d")',
    ].join('\n')
    const args = ['-yy', '-e', 'trace=write', 'python3', '-c', program]
    const ends = (command: readonly string[]): readonly string[] => {
      const found = runTracer(command, args).err.match(/<UNIX[^>]*->[^>]*>/g) ?? []
      // The numbers of inodes do not count up on a host with several CPUs.
      const numbers: string[] = []
      const shownAs = (ino: string): string => {
        if (!numbers.includes(ino)) numbers.push(ino)
        return `#${numbers.indexOf(ino)}`
      }
      return found.map(text => text.replace(/(?<=\[|->)\d+/g, shownAs).replace(/glassbox-\d+/, 'NAME'))
    }
    const natively = ends(OURS)
    assert.equal(natively.length, 4)
    assert.deepEqual(ends(KERNEL), natively)
  })

  test('the program sees a box: -E sets variables, --here and --bind show files', context => {
    const directory = temporaryDirectory(context)
    mkdirSync(join(directory, 'd'))
    writeFileSync(join(directory, 'd/file'), 'shown\n')
    const quiet = ['-e', 'trace=none', '-e', 'signal=none', '-qq']
    const run = (options: readonly string[], line: string): string =>
      runTracer(KERNEL, [...quiet, ...options, 'sh', '-c', line], { cwd: join(directory, 'd') }).out
    const bind = `--bind=${directory}:/shown`
    assert.equal(
      run(['-E', 'A=b', '-E', 'LANG', bind], 'pwd; echo $A$LANG; cat /shown/d/file'),
      '/box\nb\nshown\n',
    )
    assert.equal(run(['--here'], 'cat file'), 'shown\n')
  })

  test('what needs a process of the host is refused by a sentence', () => {
    const refused = (...words: string[]): string => {
      try {
        straceOptions([...words, 'true'])
        return 'taken'
      } catch (error) {
        return (error as Error).message
      }
    }
    for (const [options, reason] of [
      [['-p', '1'], '-p/--attach traces a process of the host'],
      [['-D'], '-D/--daemonize makes the command a child of its caller'],
      [['-u', 'root'], '-u/--user changes to a user of the host'],
      [['--argv0=x'], '--argv0 is for programs of the host'],
      [['-I', '3'], '-I/--interruptible lets the command outlive ^C, which ends the kernel'],
    ] as const)
      assert.equal(
        refused('--runner', 'kernel', ...options),
        `${reason}, so it cannot be used with --runner kernel`,
      )
    assert.match(refused('--runner', 'kernle'), /^invalid --runner argument: 'kernle'/)
    assert.match(refused('--here'), /must be given with --runner/)
    const { err, code } = runTracer(KERNEL, ['-p', '1'])
    assert.match(err, /^strace: -p\/--attach traces a process of the host, so .*\n$/)
    assert.equal(code, 1)
  })

  test('a program that is not there, and one that cannot be executed', () => {
    const missing = runTracer(KERNEL, ['no-such-program'])
    assert.match(missing.err, /^strace: .*no-such-program/)
    assert.equal(missing.code, 1)
    assert.equal(runTracer(KERNEL, ['/usr/share/common-licenses/BSD']).code, 1)
  })

  test('SIGTERM ends the program, and the command by the same signal', async () => {
    const [file = '', ...first] = KERNEL
    const child = spawn(file, [...first, '-e', 'trace=none', 'sh', '-c', 'echo ready; sleep 600'])
    await new Promise(resolve => child.stdout.once('data', resolve))
    child.kill('SIGTERM')
    const signal = await new Promise(resolve => child.on('exit', (_code, by) => resolve(by)))
    assert.equal(signal, 'SIGTERM')
  })

  test('a full output ends the command with 1, and says so once', () => {
    const { err, code } = runTracer(KERNEL, ['-o', '/dev/full', 'true'])
    assert.equal(err.match(/No space left on device/g)?.length, 1, err)
    assert.equal(code, 1)
  })
})
