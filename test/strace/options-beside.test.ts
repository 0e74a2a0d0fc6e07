/**
 * Forms of options of which each once differed from strace, run by both: which calls a set
 * selects and in which form they are shown, what an injection takes, and what is refused in which
 * words. The text must be the same.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callSet } from '#glassbox/strace/select/set.js'
import { contains } from '#glassbox/strace/select/call-set.js'
import { program } from '../support/programs.js'
import { both, noStrace, runTracer, THEIRS } from './support/strace.js'

const NAMELESS = [program('nameless-calls')]

/** Options, and the program if it is not `true`. */
const ROWS: readonly (readonly [options: readonly string[], program?: readonly string[]])[] = [
  // Calls that are left out, and calls in a form of their own, beside lines by program.
  [['-e', '!openat']],
  [
    ['-e', 'trace=!%file'],
    ['cat', '/etc/hostname'],
  ],
  [['-n', '-e', 'trace=openat']],
  [['-e', 'raw=openat']],
  [['-e', 'abbrev=!newfstatat']],
  // Sets.
  [['-e', 'trace=openat@']],
  [['-e', 'trace=/read@']],
  [['-e', 'trace=net']],
  [['-e', 'trace=/^(?!open)']],
  [['-e', 'status=FAILED']],
  // Descriptors of one kind only.
  [
    ['-e', 'decode-fds=!path', '-e', 'trace=openat,close'],
    ['cat', '/etc/hostname'],
  ],
  [
    ['-e', 'decode-fds=socket', '-e', 'trace=openat,close'],
    ['cat', '/etc/hostname'],
  ],
  [
    ['-e', 'decode-fds=dev', '-e', 'trace=openat,close'],
    ['cat', '/dev/null'],
  ],
  [['cat', '/dev/null']],
  [['cat', '/dev/null']],
  // Injections.
  [['-e', 'trace=openat', '-e', 'fault=openat:']],
  [['-e', 'trace=openat', '-e', 'fault=openat::when=2:']],
  [['-e', 'trace=openat', '-e', 'fault=openat:when=1:when=2']],
  [['-e', 'inject=openat:delay_exit=99999999999999999999']],
  [['-e', 'trace=openat', '-e', 'inject=openat:poke_enter=@arg2=22,:when=99']],
  [['-e', 'inject=openat:poke_enter=,']],
  // Words and numbers.
  [['-c', '--output-separately', '-o', 'FILE']],
  [['-c', '-S', 'time-totals']],
  [['-a', '2147483647']],
  [['-a', ' 30', '-e', 'trace=brk']],
  [['-s', '+5', '-e', 'trace=openat']],
  [['--tr=brk']],
  // What has no name is shown whatever the set is, and as nothing else says.
  [['-e', 'trace=none'], NAMELESS],
  [['-e', 'trace=!getpgid', '-e', 'raw=all', '-Z'], NAMELESS],
  [['-n', '-e', 'trace=getpgid', '-e', 'inject=all:error=EPERM'], NAMELESS],
  [['-P', '/tmp'], NAMELESS],
  [['-z', '-f', '-o', 'FILE', '-e', 'trace=getpgid'], NAMELESS],
  // Memory that cannot be overwritten, or only in part.
  [['-a0', '-e', 'trace=chdir', '-e', 'inject=chdir:poke_exit=@arg1=61626300,@arg3=00'], NAMELESS],
  [['-e', 'trace=chdir', '-e', 'inject=chdir:poke_enter=@arg1=00:error=EIO'], NAMELESS],
  [['-e', 'trace=getpgid', '-e', 'inject=getpgid:retval=0x8000000000000000'], NAMELESS],
  // A program that cannot be executed, with and without a trace of execve.
  [['-e', 'trace=none'], ['/etc/hostname']],
  [['-f', '--seccomp-bpf', '-e', 'trace=openat'], ['/etc/hostname']],
  [['-C', '-U', 'calls,errors', '-e', 'trace=execve'], ['/etc/hostname']],
  [
    ['-b', 'execve', '-e', 'trace=none', '-o', 'FILE'],
    ['sh', '-c', 'exec false'],
  ],
]

for (const [options, [...command] = ['true']] of ROWS) {
  test(`as strace does it: ${options.join(' ')} ${command.join(' ')}`, { skip: noStrace }, () => {
    const { ours, theirs } = both([...options, ...command])
    assert.equal(ours, theirs)
  })
}

const CLASSES =
  'file process network net signal ipc desc memory creds stat lstat fstat %stat statfs fstatfs %statfs clock pure'
const SETS: readonly string[] = [
  ...CLASSES.split(' ').map(name => `%${name}`),
  ...['!%file', '%file,%desc', '?%file', '%creds@64', '%stat@32', 'file,memory', 'stat,lstat', 'read@x32'],
  ...['/^open', '!/^open', '/[gs]etuid', '/^(read|write)v?$', '/^.e[t-z]', '/a|b', '/^\\w', '/^s.*d$'],
  ...['1', '0,1,2', '012', '512', '?9999', '!!brk', '?!brk', 'getpid,?foo', '!?foo', 'all', 'none', '!all'],
  ...['umount', 'pread64', 'waitpid', 'fadvise64', '_sysctl', 'openat2', 'quotactl_fd'],
]

const LAST_OF_THEIRS = 450

/** strace shows a number without a name whatever the set is: those from 335 to 423. */
const isKnown = (nr: number): boolean => nr < 335 || nr >= 424

test('a set selects the calls that strace selects', { skip: noStrace }, () => {
  // A program of libc makes other calls before: they are of the same sets.
  const guest = program('every-call')
  const differ = SETS.flatMap(set => {
    const { err, code } = runTracer(THEIRS, ['-n', '-e', 'raw=all', '-e', `trace=${set}`, guest])
    assert.equal(code, 0, `strace does not take ${set}: ${err}`)
    const theirs = new Set([...err.matchAll(/^\[ *(\d+)\] \w/gm)].map(([, nr]) => Number(nr)))
    const ours = callSet(set)
    return Array.from({ length: LAST_OF_THEIRS + 1 }, (_, nr) => nr)
      .filter(nr => isKnown(nr) && contains(ours, 'x86_64', nr) !== theirs.has(nr))
      .map(nr => `${set}: ${nr}`)
  })
  assert.deepEqual(differ, [])
})
