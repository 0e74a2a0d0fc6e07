/** The config file: every key, every error with its line, ranges of subordinate ids. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completeConfig, parseConfig, type SubidRanges } from '#glassbox/isolate/front/config.js'
import { subidRange, uidOf } from '#glassbox/isolate/front/subid.js'

const noRanges = (): SubidRanges => assert.fail('no range was asked for')
const load = (text: string, ranges: (user: string) => SubidRanges = noRanges) =>
  completeConfig(parseConfig(text), ranges)

test('a host without a config file has the values that isolate is shipped with', () => {
  assert.deepEqual(load(''), {
    boxRoot: '/var/local/lib/isolate',
    lockRoot: '/run/isolate/locks',
    cgRoot: 'auto:/run/isolate/cgroup',
    cgParent: undefined,
    firstIds: { uid: 60000, gid: 60000 },
    numBoxes: 1000,
    restrictedInit: false,
    syscallFlags: 65531,
    boxes: new Map(),
  })
})

test('the keys of 1.x and 2.x, blanks, comments, and a line without a newline at its end', () => {
  const { boxes, ...config } = load(`# a comment
  \t
box_root=/b  with blanks
lock_root =   /l
cg_root = /sys/fs/cgroup
cg_parent = judge
first_uid = 100
first_gid = 200
num_boxes = 2147483647
restricted_init = 1
syscall_flags = 0
dialect = 1
box7.cpus = 0-3,5
box7.mems = 0
box007.mems = 1
box1.cpus = 2`)
  assert.deepEqual(config, {
    boxRoot: '/b  with blanks',
    lockRoot: '/l',
    cgRoot: '/sys/fs/cgroup',
    cgParent: 'judge',
    firstIds: { uid: 100, gid: 200 },
    numBoxes: 2147483647,
    restrictedInit: true,
    syscallFlags: 0,
  })
  assert.deepEqual(
    boxes,
    new Map([
      [7, { cpus: '0-3,5', mems: '1' }],
      [1, { cpus: '2' }],
    ]),
  )
})

const WRONG: readonly (readonly [line: string, message: RegExp])[] = [
  ['cgroup = /x', /^Error in config file, line 3: Unknown configuration item cgroup$/],
  ['toString = /x', /line 3: Unknown configuration item toString$/],
  ['nonsense', /line 3: Syntax error/],
  ['  # not in the first column', /line 3: Syntax error/],
  ['box1.memory = 3', /line 3: Unknown configuration item box1\.memory$/],
  ['box1.cpus.x = 3', /line 3: Unknown configuration item/],
  ['cage1.cpus = 3', /line 3: Unknown configuration section cage1$/],
  ['boxes.cpus = 3', /line 3: Unknown configuration section boxes$/],
  ['num_boxes = many', /line 3: a number/],
  ['num_boxes = -1', /line 3: a number/],
  ['num_boxes = 1.5', /line 3: a number/],
  ['num_boxes = 0', /line 3: There must be at least one box/],
  ['first_uid = 99999999999', /line 3: the largest is 2147483647/],
  ['first_uid = 0', /line 3: .*root/],
  ['first_gid = 0', /line 3: .*root/],
  ['box_root =', /line 3: A path is missing/],
  ['dialect = 3', /line 3: The dialect must be 1 or 2, not 3/],
  [`box_root = /${'x'.repeat(1100)}`, /line 3: Line too long/],
]

for (const [line, message] of WRONG) {
  test(`the line "${line.slice(0, 40)}" is refused with its number`, () => {
    assert.throws(() => load(`# first\n\n${line}\nbox_root = /x\n`), { kind: 'internal', message })
  })
}

const RANGES: SubidRanges = { uids: { first: 100000, count: 500 }, gids: { first: 200000, count: 300 } }
const ranges = (): SubidRanges => RANGES

test('subid_user gives the first ids, and as many boxes as both ranges have', () => {
  const asked: string[] = []
  const config = load('subid_user = isolate\n', user => {
    asked.push(user)
    return RANGES
  })
  assert.deepEqual(asked, ['isolate'])
  assert.deepEqual([config.firstIds, config.numBoxes], [{ uid: 100000, gid: 200000 }, 300])
  assert.equal(load('subid_user = isolate\nnum_boxes = 10', ranges).numBoxes, 10)
})

test('subid_user contradicts more boxes than it has ids for, and explicit ids', () => {
  assert.throws(() => load('subid_user = a\nnum_boxes = 301', ranges), {
    message: /only 300 subordinate ids/,
  })
  for (const key of ['first_uid', 'first_gid'])
    assert.throws(() => load(`subid_user = a\n${key} = 5`, ranges), { message: /must not be combined/ })
})

test('a range is that of the name or of the number, the first in the file', () => {
  const file = 'other:1:2\nisolate:100000:65536\nisolate:5:6\n993:300000:10\n'
  assert.deepEqual(subidRange('/etc/subuid', file, 'isolate', 993), { first: 100000, count: 65536 })
  assert.deepEqual(subidRange('/etc/subuid', file, 'judge', 993), { first: 300000, count: 10 })
  assert.equal(uidOf('root:x:0:0::/:/bin/sh\nisolate:x:993:990::/:/x\n', 'isolate'), 993)
  assert.equal(uidOf('root:x:0:0::/:/bin/sh\n', 'isolate'), undefined)
})

test('a user without a usable range is named, with the file', () => {
  const read = (text: string): unknown => subidRange('/etc/subgid', text, 'isolate', undefined)
  assert.throws(() => read('undefined:1:2\n'), { message: 'No subordinate ids of isolate in /etc/subgid' })
  for (const line of ['isolate:x:5', 'isolate:0:5', 'isolate:5:0', 'isolate:5', 'isolate:5:6:7'])
    assert.throws(() => read(`${line}\n`), { message: `Invalid range of isolate in /etc/subgid: ${line}` })
})
