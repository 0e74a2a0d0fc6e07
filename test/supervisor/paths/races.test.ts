/**
 * A second thread changes what a call means while the call is decided. The calls that the tracer
 * makes never get the other file. The control: a tracer that only looks, and lets the program make
 * the call, loses.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import { PathDecider } from '#glassbox/supervisor/paths/decide-call.js'
import { judgeOf } from '#glassbox/supervisor/paths/rule-names.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'
import { pathRule as rule } from '../../support/path-rule.js'
import { BASE } from '../support/decided.js'
import { superviseGuest } from '../support/tracer.js'

/** How often the second thread changes something. For a measurement: GLASSBOX_FLIPS=1000000. */
const FLIPS = Number(process.env['GLASSBOX_FLIPS'] ?? 2000)
const CALLS = Math.max(2000, Math.round(FLIPS / 50))
/** A control ends when it has won: on a busy machine that can take long. */
const MOST_CALLS = 1_000_000

type Attack = 'string' | 'comp' | 'dirfd' | 'cwd' | 'fd'

function directory(context: TestContext): string {
  const top = temporaryDirectory(context)
  const file = (path: string, mode: number): void => {
    mkdirSync(path)
    writeFileSync(`${path}/file`, '')
    chmodSync(`${path}/file`, mode)
  }
  file(`${top}/ok`, 0o600)
  file(`${top}/ok/way`, 0o600)
  file(`${top}/no`, 0o700)
  symlinkSync('../no', `${top}/ok/evil`)
  symlinkSync('open', `${top}/ok/link`)
  symlinkSync('secret', `${top}/no/link`)
  return top
}

/** `kept`: whether the tracer makes the call itself, as it must. */
function wins(context: TestContext, call: string, attack: Attack, kept: boolean): number {
  const top = directory(context)
  const name = call === 'futimens' ? 'utimensat' : call
  const traced = {
    rules: [{ syscalls: [name], action: { kind: 'trace', data: 0 } }],
    otherwise: { kind: 'allow' },
  } as const
  const decider = new PathDecider({ judge: judgeOf([...BASE, rule('write', `${top}/ok`)]), statAll: false })
  let decided = 0
  const [least, changes] = kept ? [CALLS, FLIPS] : [MOST_CALLS, 0]
  const guest = {
    program: program('racer'),
    args: [call, attack, `${least}`, top, `${changes}`],
    filter: compilePolicy(traced),
  }
  const { output } = superviseGuest(context, guest, stopped => {
    decided++
    const decision = decider.decide(stopped)
    return kept || decision.kind !== 'done' ? decision : { kind: 'allow' }
  })
  const [won = NaN, flips = 0] = output.split(' ').map(Number)
  assert.ok(!kept || (decided >= CALLS && flips >= FLIPS), output)
  context.diagnostic(`${call} ${attack}: wins, flips, calls: ${output.trim()}`)
  return won
}

const RACES: readonly (readonly [attack: Attack, calls: readonly string[]])[] = [
  ['string', ['stat', 'lstat', 'newfstatat', 'statx', 'access', 'faccessat2', 'readlink']],
  [
    'string',
    [
      'chmod',
      'fchmodat',
      'fchmodat2',
      'chown',
      'lchown',
      'fchownat',
      'utime',
      'utimes',
      'utimensat',
      'setxattr',
    ],
  ],
  ['comp', ['stat', 'statx', 'chmod', 'chown', 'utimensat', 'setxattr']],
  ['dirfd', ['newfstatat', 'statx', 'faccessat2', 'fchmodat', 'fchownat', 'utimensat']],
  ['cwd', ['newfstatat', 'fchmodat', 'utimensat']],
  ['fd', ['fchmod', 'fchown', 'futimens', 'fsetxattr']],
]

for (const [attack, calls] of RACES)
  for (const call of calls)
    test(`${call}, ${attack}: the file that is not granted is never reached`, context => {
      assert.equal(wins(context, call, attack, true), 0)
    })

for (const [call, attack] of [
  ['stat', 'string'],
  ['chmod', 'comp'],
  ['fchmodat', 'dirfd'],
  ['fchmod', 'fd'],
] as const)
  test(`the control, ${call}, ${attack}: a check alone loses`, context => {
    assert.ok(wins(context, call, attack, false) > 0)
  })
