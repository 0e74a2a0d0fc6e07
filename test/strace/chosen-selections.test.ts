/**
 * Socket options, bpf(2), io_uring, prctl(2) and messages that are chosen by a seed have the text
 * that strace gives them. GLASSBOX_SEED chooses others, GLASSBOX_FUZZ more of each kind (at most
 * 1638, or 8192 if GLASSBOX_CALLS names one of the choosers).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryDirectory } from '../support/temporary.js'
import { differences, type Result } from './support/chosen-calls.js'
import { CHOOSERS, selections } from './support/chosen-selections.js'
import { notConfined } from './support/strace.js'

const SEED = Number(process.env['GLASSBOX_SEED'] ?? 20261130)
const COUNT = Number(process.env['GLASSBOX_FUZZ'] ?? 250)
const CALLS = process.env['GLASSBOX_CALLS'] ?? ''

const ROWS: readonly (readonly [result: Result, options: readonly string[]])[] = [
  ['error=EINVAL', []],
  ['retval=0', []],
  ['retval=1', ['-v', '-s', '4']],
  ['error=EFAULT', ['-v']],
  ['retval=2', ['-X', 'raw']],
  ['retval=0', ['-X', 'verbose', '-y']],
  ['error=EBADF', ['-xx', '-s', '100']],
]

const MOST_TOLD = Number(process.env['GLASSBOX_TOLD'] ?? 20)

/**
 * Known differences: names and structs that are newer than strace 6.1 (SOL_MPTCP, SOL_MCTP and
 * SOL_SMC; four commands of bpf(2); two of io_uring_register(2), operations from 47 on); times,
 * which have their own text on purpose (docs/tracing.md); what strace remembers of an earlier
 * call (PR_GET_SPECULATION_CTRL); a probe of a ring that the kernel would refuse, since its memory
 * is not zero; control data that is said to be longer than memory.
 */
const KNOWN = new RegExp(
  [
    String.raw`0x11[cde]( /\* SOL_\?\? \*/)?, `,
    String.raw`SOL_SOCKET( \*/)?, (0x1[45] /\* )?SO_(RCV|SND)TIMEO|sockopt\(-?\d+, 0x1, 0x1[45],`,
    String.raw`bpf\((BPF_(ENABLE_STATS|ITER_CREATE|LINK_DETACH|PROG_BIND_MAP)|0x2[0-3]\b)`,
    String.raw`_register\(-?[^,]*, 0x1[89]\b|last_op=.* => |op=(4[7-9]|5\d) /|\(PR_GET_SPECULATION_CTRL|prctl\(0x34\b`,
    String.raw`msg_controllen=\d{4,}`,
  ].join('|'),
)

const NAMES = CALLS === '' ? Object.keys(CHOOSERS) : [CALLS]

for (const [row, [result, options]] of ROWS.entries())
  test(`chosen ${NAMES.join(', ')}: ${result} ${options.join(' ')}`, { skip: notConfined }, context => {
    const records = Buffer.concat(NAMES.map(name => selections(SEED + row, COUNT, name)))
    const found = differences(temporaryDirectory(context), records, result, options, KNOWN)
    const told = found.slice(0, MOST_TOLD).map(({ ours, theirs }) => `ours    ${ours}\nstrace  ${theirs}`)
    assert.equal(told.join('\n'), '', `${found.length} differences`)
  })
