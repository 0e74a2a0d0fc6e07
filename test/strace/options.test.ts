/** The command line: what each option means, and what is refused, in strace's words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPTION_WORDS, straceOptions } from '#glassbox/cli/strace/options.js'
import type { StraceOptions } from '#glassbox/strace/options.js'
import { noStrace, OURS, runTracer, strace, THEIRS } from './support/strace.js'

function parsed(...words: readonly string[]): StraceOptions {
  const options = straceOptions([...words, 'true'])
  assert.notEqual(options, 'help')
  assert.notEqual(options, 'version')
  return options as StraceOptions
}

/** Refused by both, with the same message and the same exit code. */
const REFUSED: readonly (readonly string[])[] = [
  ['-e', 'trace=foo', 'true'],
  ['-e', 'trace=openat,foo', 'true'],
  ['-e', 'foo=bar', 'true'],
  ['-e', 'trace=%foo', 'true'],
  ['-e', 'trace=/foo', 'true'],
  ['-e', 'trace=', 'true'],
  ['-e', 'trace=!', 'true'],
  ['-e', 'trace=9999', 'true'],
  ['-e', 'trace=brk,!exit_group', 'true'],
  ['-e', 'abbrev=foo', 'true'],
  ['-e', 'signal=FOO', 'true'],
  ['-e', 'status=foo', 'true'],
  ['-e', 'status=all,failed', 'true'],
  ['-e', 'quiet=foo', 'true'],
  ['-e', 'read=foo', 'true'],
  ['--decode-fds=foo', 'true'],
  ['--decode-pids=foo', 'true'],
  ['-DDDD', 'true'],
  ['-D', '-p', '1'],
  ['-D', '--daemonize', 'true'],
  ['--daemonize=foo', 'true'],
  ['-D', 'nonesuch'],
  ['-D', '-o', '/nonexistent/x', 'true'],
  ['-e', 'inject=foo:error=EIO', 'true'],
  ['-e', 'inject=openat:error=EFOO', 'true'],
  ['-e', 'inject=openat:error=5000', 'true'],
  ['-e', 'inject=openat:error=EIO:retval=1', 'true'],
  ['-e', 'inject=openat:error=EIO:error=EIO', 'true'],
  ['-e', 'inject=openat:bogus=1', 'true'],
  ['-e', 'inject=openat', 'true'],
  ['-e', 'inject=openat:delay_enter=x', 'true'],
  ['-e', 'inject=openat:signal=FOO', 'true'],
  ['-e', 'inject=openat:signal=0', 'true'],
  ['-e', 'inject=openat:syscall=openat', 'true'],
  ['-e', 'inject=openat:poke_enter=@arg1=2', 'true'],
  ['-e', 'inject=openat:poke_enter=@arg9=22', 'true'],
  ['-e', 'inject=openat:when=3..1:error=EIO', 'true'],
  ['-e', 'inject=openat:when=65536:error=EIO', 'true'],
  ['-e', 'fault=openat:when=0', 'true'],
  ['-e', 'fault=openat:retval=1', 'true'],
  ['-e', 'fault=openat:delay_exit=1', 'true'],
  ['-s', 'x', 'true'],
  ['-s', '-1', 'true'],
  ['-a', 'x', 'true'],
  ['--columns=x', 'true'],
  ['-O', 'x', 'true'],
  ['-S', 'x', 'true'],
  ['-c', '-U', 'x', 'true'],
  ['-c', '-U', 'name,name', 'true'],
  ['-w', 'true'],
  ['-U', 'name', 'true'],
  ['-c', '-C', 'true'],
  ['-c', '-ff', '-o', '/dev/null', 'true'],
  ['-o', '|cat', '-ff', 'true'],
  ['-q', '-e', 'quiet=exit', 'true'],
  ['-t', '--timestamps=unix', 'true'],
  ['-x', '--strings-in-hex=all', 'true'],
  ['-y', '--decode-fds=path', 'true'],
  ['-X', 'foo', 'true'],
  ['-b', 'foo', 'true'],
  ['-I', '9', 'true'],
  ['-I', '0', 'true'],
  ['-p', 'foo'],
  ['-p', '0'],
  ['-p', '-5'],
  ['-p', '1,foo'],
  ['-p', ''],
  ['-p', '99999999'],
  [],
  ['/nonexistent/program'],
  ['nonexistent-program'],
  ['-o', '/nonexistent/file', 'true'],
  ['--foo', 'true'],
  ['-l', 'true'],
  ['-o'],
  ['--output'],
  ['--help=3'],
  ['-T=s', 'true'],
  ['--syscall-times=x', 'true'],
  ['--relative-timestamps=x', 'true'],
  ['--timestamps=x', 'true'],
  ['--strings-in-hex=x', 'true'],
  ['-u', 'nosuchuser', 'true'],
]

for (const words of REFUSED) {
  test(`refused as strace refuses it: ${words.join(' ')}`, { skip: noStrace }, () => {
    const theirs = runTracer(THEIRS, words)
    const ours = runTracer(OURS, words)
    assert.equal(theirs.code, 1, 'strace itself takes it')
    assert.deepEqual([ours.code, ours.err, ours.out], [1, theirs.err, theirs.out])
  })
}

test('what is not there is refused by its name', () => {
  for (const words of [
    ['--stack-trace=source', 'true'],
    ['--tips', 'true'],
    ['-e', 'kvm=vcpu', 'true'],
    ['--kill-on-exit', '-p', '1'],
    ['--syscall-limit=0', 'true'],
    ['--json', '-c', 'true'],
    ['--json', '-ff', '-o', 'x', 'true'],
  ]) {
    const { code, err, out } = strace(...words)
    assert.deepEqual([code, out], [1, ''], words.join(' '))
    const option = (words[0] === '-e' ? 'kvm' : words[0]) ?? ''
    assert.match(err, new RegExp(`^strace: .*${option.replace(/=.*/, '')}`), words.join(' '))
  }
})

test('-d is taken, and says nothing', () => {
  assert.deepEqual(parsed('-d').warnings, [])
})

test('a long name may be cut, unless two begin so', () => {
  assert.equal(parsed('--col=3').trace.columns, 3)
  assert.equal(parsed('--summary-o').trace.summary?.withText, false)
  assert.throws(
    () => parsed('--sum'),
    ({ message }: Error) =>
      message.startsWith("option '--sum' is ambiguous; possibilities: '--summary-only' "),
  )
})

test('letters are bundled, values stand with them or after them, and the command ends them', () => {
  const { trace, output, command } = parsed('-fqtto', 'FILE', '-s5', '-ebrk')
  assert.deepEqual(
    [trace.follow, output, trace.spelling.stringLimit, trace.prefix.time, command],
    [true, 'FILE', 5, { format: 'time', precision: 6 }, ['true']],
  )
  assert.deepEqual((straceOptions(['ls', '-f', '--json']) as StraceOptions).command, ['ls', '-f', '--json'])
  assert.deepEqual((straceOptions(['-f', '--', '-x']) as StraceOptions).command, ['-x'])
})

test('-e knows the short names of qualifiers, and takes what has none for calls', () => {
  const members = (options: StraceOptions): number[] =>
    [...options.trace.selection.trace.members.x86_64].flatMap((is, nr) => (is ? [nr] : []))
  assert.deepEqual(members(parsed('-e', 't=brk')), [12])
  assert.deepEqual(members(parsed('-e', 'brk')), [12])
  assert.deepEqual(parsed('-e', 's=USR1').trace.selection.signals, { numbers: [10], inverted: false })
  assert.deepEqual(parsed('-e', 'q=attach,superseded').trace.quiet, ['attach', 'thread-execve'])
})

test('-q is implied by -o with a command, and not by -o alone', () => {
  assert.deepEqual(parsed('-o', 'x').trace.quiet, ['attach', 'personality'])
  assert.deepEqual(parsed().trace.quiet, [])
  assert.deepEqual(parsed('-o', 'x', '-e', 'quiet=none').trace.quiet, [])
  assert.deepEqual(parsed('-qq').trace.quiet, ['attach', 'personality', 'exit'])
  assert.deepEqual(parsed('-qqq').trace.quiet.length, 5)
})

test('where pids are shown', () => {
  assert.equal(parsed('-f').trace.prefix.pid, 'brackets')
  assert.equal(parsed('-f', '-o', 'x').trace.prefix.pid, 'shared')
  assert.equal(parsed('-o', 'x').trace.prefix.pid, 'never')
  assert.equal(parsed('-ff', '-o', 'x').trace.prefix.pid, 'never')
  assert.equal(parsed('--always-show-pid', '-o', 'x').trace.prefix.pid, 'shared')
  assert.equal(parsed('--always-show-pid').trace.prefix.pid, 'brackets-always')
})

test('-I is 3 where the trace goes to a file, 2 else', () => {
  assert.deepEqual(
    [parsed().interruptible, parsed('-o', 'x').interruptible, parsed('-I4').interruptible],
    [2, 3, 4],
  )
})

test('-h and -V say something and end with 0', () => {
  for (const word of ['-h', '--help']) {
    const { code, out } = strace(word)
    assert.equal(code, 0)
    assert.match(out, /^Usage: /)
  }
  for (const word of ['-V', '--version']) {
    const { code, out } = strace(word)
    assert.equal(code, 0)
    assert.match(out, /strace 6\.1/)
  }
})

test('the help names every option that is there', () => {
  const { out } = strace('-h')
  const gone = new Set(['-d', '-D', '-F', '--kvm'])
  const other =
    /^--(daemon|failing|tips|secontext|color|debug|trace-fd|silen|timestamps|argument-names|(abbrev|verbose|raw|signal|status|inject|fault|read|write)s?$)/
  for (const word of OPTION_WORDS)
    if (!gone.has(word) && !other.test(word)) assert.ok(out.includes(word), word)
})
