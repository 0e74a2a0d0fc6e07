/**
 * The text is strace's, byte for byte, but for addresses, ids and times: for many combinations of
 * options on small programs.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noGate32, program } from '../support/programs.js'
import { both, noStrace } from './support/strace.js'

const CALLS = 'trace=execve,rt_sigreturn,umask,rmdir,close,wait4,pause,exit_group'

/** Calls of the case `offers`. */
const MOVING = 'read,write,writev,pwrite64,pwritev,vmsplice,sendto,sendmsg,sendmmsg,recvmmsg,fcntl,socketpair'

/** Options, and a case of straced.c. */
const COMBINATIONS: readonly (readonly [options: readonly string[], args: readonly string[]])[] = [
  [[], ['turns']],
  [['-a', '0'], ['turns']],
  [['-a80'], ['turns']],
  [['-n'], ['turns']],
  [['-i', '-n', '-e', CALLS], ['signals']],
  [['-t', '-e', CALLS], ['turns']],
  [['-tt', '-e', CALLS], ['turns']],
  [['-ttt', '-e', CALLS], ['turns']],
  [['-r', '-e', CALLS], ['turns']],
  [['-r', '-t', '-e', CALLS], ['turns']],
  [['-ttt', '-r', '-T', '-e', CALLS], ['turns']],
  [['--timestamps=unix,ns', '--syscall-times=ns', '-e', CALLS], ['turns']],
  [['--timestamps=precision:ms', '-T', '-e', CALLS], ['turns']],
  [['--relative-timestamps=s', '--syscall-times=s', '-e', CALLS], ['turns']],
  [['-e', CALLS], ['signals']],
  [['-e', CALLS, '-qq'], ['signals']],
  [['-e', CALLS, '-qqq'], ['signals']],
  [['-e', CALLS, '-e', 'quiet=exit'], ['signals']],
  [['-e', CALLS, '-e', 'signal=none'], ['signals']],
  [['-e', CALLS, '-e', 'signal=!USR1'], ['signals']],
  [['-e', 'trace=none'], ['signals']],
  [['-z', '-e', CALLS], ['turns']],
  [['-Z', '-e', CALLS], ['turns']],
  [['-e', 'status=!failed', '-e', CALLS], ['turns']],
  [['-e', 'status=unfinished', '-e', CALLS], ['turns']],
  [['-e', 'raw=umask,rmdir', '-e', 'trace=umask,rmdir'], ['turns']],
  [['-f', '-e', CALLS], ['child']],
  [['-f', '-e', CALLS, '-o', 'FILE'], ['child']],
  [['-f', '-e', CALLS, '-tt', '-o', 'FILE'], ['child']],
  [
    ['-f', '-e', CALLS],
    ['child', 'abort'],
  ],
  [['-f', '-z', '-e', CALLS], ['child']],
  [['-f', '-Z', '-e', CALLS], ['child']],
  [['-f', '-e', 'status=unfinished', '-e', CALLS], ['child']],
  [['-e', CALLS], ['child']],
  [['-ff', '-e', CALLS, '-o', 'FILE'], ['child']],
  [['-f', '-e', CALLS], ['thread-exec']],
  [['-f', '-e', CALLS, '-o', 'FILE'], ['thread-exec']],
  [['-ff', '-e', CALLS, '-o', 'FILE'], ['thread-exec']],
  [['-f', '-e', CALLS, '-e', 'quiet=thread-execve'], ['thread-exec']],
  [['-f', '-e', 'trace=execve', '-Z'], ['thread-exec']],
  [['-f', '-e', 'trace=execve'], ['thread-exec']],
  [['-f', '--seccomp-bpf', '-e', CALLS], ['child']],
  [['--seccomp-bpf', '-e', CALLS], ['turns']],
  [['-o', 'FILE', '-e', CALLS], ['signals']],
  [['-A', '-e', CALLS], ['signals']],
  [['--output-separately', '-e', CALLS], ['signals']],
  [['-zZ', '-e', CALLS], ['turns']],
  [['-e', 'trace=read,write,readv,writev,sendmsg,recvfrom', '-e', 'read=all', '-e', 'write=all'], ['moves']],
  [['-e', `trace=${MOVING}`, '-e', 'read=all', '-e', 'write=all'], ['offers']],
  [['-e', 'trace=read,write', '-e', 'read=3', '-e', 'write=!4'], ['moves']],
  [['-y', '-e', 'trace=close,openat'], ['opens']],
  [['-yy', '-e', 'trace=writev,sendmsg,close'], ['moves']],
  [['-e', 'trace=openat,open,read,close,access,write,umask,kill'], ['narrow']],
  [['-f', '-e', 'trace=open'], ['narrow']],
  [['-z', '-o', 'FILE', '-e', 'quiet=none', '-e', 'trace=open,kill'], ['narrow']],
  [['-P', '/etc/passwd'], ['opens']],
  [['-P', '/etc/../etc/passwd'], ['opens']],
  [['-P', '/etc/../etc/passwd', '-e', 'quiet=path-resolution'], ['opens']],
  [['-s', '3', '-e', 'trace=write,writev,sendmsg'], ['moves']],
  [['-E', 'A=b', '-E', 'PATH', '-e', CALLS], ['turns']],
  [
    ['-e', CALLS],
    ['dies', '9'],
  ],
  [
    ['-e', CALLS],
    ['dies', '11'],
  ],
  [
    ['-e', CALLS],
    ['dies', '10'],
  ],
  [
    ['-e', CALLS],
    ['dies', '13'],
  ],
  [['-c', '-S', 'name', '-U', 'calls,errors,name'], ['turns']],
  [['-C', '-e', CALLS, '-S', 'calls', '-U', 'name,calls,errors'], ['turns']],
  [['-c', '-e', 'trace=none'], ['turns']],
  [['-c', '-o', 'FILE', '-U', 'name,errors,calls', '-S', 'nothing'], ['signals']],
  [['-c', '-f', '-U', 'calls,name', '-S', 'name', '-e', CALLS], ['threads']],
]

for (const [options, args] of COMBINATIONS) {
  const skip = noStrace || (args.includes('narrow') && noGate32)
  test(`${options.join(' ')} ${args.join(' ')}`, { skip }, () => {
    const { ours, theirs } = both([...options, program('straced'), ...args])
    assert.equal(ours, theirs)
  })
}
