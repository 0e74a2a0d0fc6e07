/**
 * -y and -yy show what strace shows of descriptors of all sorts: files that lost their names,
 * devices, processes that are gone, and sockets of many protocols in all states.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { differing } from './support/newer.js'
import { CONFINED, notConfined, OURS, runTracer, THEIRS } from './support/strace.js'

/** The groups of the guest, and the least number of lines. */
const GROUPS = [
  ['files', 400],
  ['sockets', 2000],
] as const

const OPTIONS = [['-y'], ['-yy'], ['--decode-fds=socket'], ['--decode-fds=dev,pidfd']] as const

/** When a process gets a signal depends on how long its calls take. */
const CALLS = 'trace=!brk,mprotect,munmap,exit_group'
const QUIET = ['-e', 'signal=none']

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  [/\b0x[57][0-9a-f]{11}\b/g, 'ADDR'],
  [/\[\d{4,}(->)\d+/g, '[I$1I'],
  [/\[\d{4,}(?=[\],])/g, '[I'],
  [/\/#\d+/g, '/#I'],
  [/\/proc\/\d+/g, '/proc/N'],
  [/(\/dev\/pts\/|char 136:)\d+/g, '$1N'],
  [/@"[0-9a-f]{5}"/g, '@"AUTO"'],
  [/^(getppid\(\)|getpid\(\)|set_tid_address\(ADDR\)|clone\(.*\)|wait4\(.*\)) += \d+$/gm, '$1 = N'],
  [/^(kcmp\()\d+, \d+/gm, '$1N, N'],
  [/^(pidfd_open\(|wait4\()\d+/gm, '$1N'],
  [/(<pid:|si_pid=|si_utime=|si_stime=)\d+/g, '$1N'],
  [/(NETLINK:\[\w+:)\d+/g, '$1N'],
]

function linesOf(context: TestContext, tracer: readonly string[], args: readonly string[]): string[] {
  const cwd = temporaryDirectory(context)
  const file = join(cwd, 'trace')
  runTracer([...CONFINED, '--net', ...tracer], ['-a', '1', ...QUIET, '-e', CALLS, '-o', file, ...args], {
    cwd,
  })
  const text = readFileSync(file, 'latin1').replaceAll(cwd, 'DIR')
  return REPLACEMENTS.reduce((result, [pattern, by]) => result.replaceAll(pattern, by), text).split('\n')
}

for (const [group, least] of GROUPS)
  for (const options of OPTIONS)
    test(`${group} ${options.join(' ')}`, { skip: notConfined }, context => {
      const args = [...options, program('descriptors'), group]
      const expected = linesOf(context, THEIRS, args)
      assert.ok(expected.length > least, `${expected.length} lines`)
      assert.equal(
        differing(linesOf(context, OURS, args), expected)
          .slice(0, 20)
          .join('\n'),
        '',
      )
    })

test('-P takes a descriptor in the places in which strace looks for one', { skip: notConfined }, context => {
  const args = ['-P', '/dev/null', program('descriptors'), 'selected']
  const expected = linesOf(context, THEIRS, args)
  assert.ok(expected.length > 50, `${expected.length} lines`)
  assert.equal(differing(linesOf(context, OURS, args), expected).join('\n'), '')
})
