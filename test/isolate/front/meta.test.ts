/** The meta file, the status line, the JSON and the exit code of every kind of end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonText } from '#glassbox/isolate/front/json.js'
import { faultMetaText, metaText } from '#glassbox/isolate/front/meta.js'
import { statusLine, wordsOf } from '#glassbox/isolate/front/outcome.js'
import { seconds } from '#glassbox/isolate/front/seconds.js'
import type { RunEnd, RunStatistics } from '#glassbox/isolate/types.js'

const PLAIN: RunStatistics = {
  ...{ cpuMs: 12.9, wallMs: 1034, maxRssKiB: 1400, voluntarySwitches: 3, forcedSwitches: 1 },
  ...{ cgMemKiB: undefined, oomKilled: false },
}
const NUMBERS = 'time:0.012\ntime-wall:1.034\nmax-rss:1400\ncsw-voluntary:3\ncsw-forced:1\n'

/** The end, its meta data around the statistics, the line, and the exit code. */
const ENDS: readonly (readonly [about: string, end: RunEnd, meta: string, line: string, code: number])[] = [
  ['OK', { cause: 'exit', code: 0 }, `${NUMBERS}exitcode:0\n`, 'OK (0.012 sec real, 1.034 sec wall)', 0],
  [
    'RE',
    { cause: 'exit', code: 127 },
    `${NUMBERS}exitcode:127\nstatus:RE\nmessage:Exited with error status 127\n`,
    'Exited with error status 127',
    1,
  ],
  [
    'SG',
    { cause: 'signal', signal: 11 },
    `${NUMBERS}exitsig:11\nstatus:SG\nmessage:Caught fatal signal 11\n`,
    'Caught fatal signal 11',
    1,
  ],
  [
    'TO at the end',
    { cause: 'time', killed: false },
    `${NUMBERS}status:TO\nmessage:Time limit exceeded\n`,
    'Time limit exceeded',
    1,
  ],
  [
    'TO by a kill',
    { cause: 'time', killed: true },
    `status:TO\nmessage:Time limit exceeded\nkilled:1\n${NUMBERS}`,
    'Time limit exceeded',
    1,
  ],
  [
    'TO by the clock',
    { cause: 'wall', killed: true },
    `status:TO\nmessage:Time limit exceeded (wall clock)\nkilled:1\n${NUMBERS}`,
    'Time limit exceeded (wall clock)',
    1,
  ],
  [
    'interrupted',
    { cause: 'interrupted', signal: 15 },
    `exitsig:15\nstatus:SG\nmessage:Interrupted\nkilled:1\n${NUMBERS}`,
    'Interrupted',
    1,
  ],
  [
    'XX while running',
    { cause: 'internal', message: 'Sandbox keeper received fatal signal 6', killed: true },
    `status:XX\nmessage:Sandbox keeper received fatal signal 6\nkilled:1\n${NUMBERS}`,
    'Sandbox keeper received fatal signal 6',
    2,
  ],
]

for (const [about, end, meta, line, code] of ENDS) {
  test(`${about}: keys and their order, the line, the exit code`, () => {
    const outcome = { end, statistics: PLAIN }
    assert.equal(metaText(outcome), meta)
    assert.equal(statusLine(outcome), line)
    assert.equal(wordsOf(end).exitCode, code)
  })
}

test('the memory of the group and an OOM kill come last of the statistics', () => {
  const text = metaText({
    end: { cause: 'signal', signal: 9 },
    statistics: { ...PLAIN, cgMemKiB: 4096, oomKilled: true },
  })
  assert.equal(
    text,
    `${NUMBERS}cg-mem:4096\ncg-oom-killed:1\nexitsig:9\nstatus:SG\nmessage:Caught fatal signal 9\n`,
  )
})

test('a fault of the set-up has two lines, whatever its message contains', () => {
  const message = 'Cannot mount /x\non y:\r\n killed:0'
  const text = 'status:XX\nmessage:Cannot mount /x on y:  killed:0\n'
  assert.equal(faultMetaText(message), text)
  assert.equal(metaText({ end: { cause: 'internal', message, killed: false }, statistics: undefined }), text)
})

test('times are cut off to milliseconds and never negative', () => {
  assert.deepEqual([0, 0.9, 999.9, 1000, 61_001, -3].map(seconds), [
    ...['0.000', '0.000', '0.999', '1.000', '61.001', '0.000'],
  ])
})

test('the JSON says the same with types, units and causes', () => {
  const killed = { end: { cause: 'wall', killed: true }, statistics: { ...PLAIN, cgMemKiB: 1 } } as const
  assert.deepEqual(JSON.parse(jsonText(3, killed)), {
    ...{ boxId: 3, status: 'TO', cause: 'wall-time-limit', message: 'Time limit exceeded (wall clock)' },
    ...{ killed: true, cpuMs: 12.9, wallMs: 1034, maxRssKiB: 1400, voluntarySwitches: 3 },
    ...{ forcedSwitches: 1, cgMemKiB: 1, oomKilled: false },
  })
  const fine = { end: { cause: 'exit', code: 0 }, statistics: undefined } as const
  assert.equal(jsonText(0, fine), '{"boxId":0,"status":"OK","cause":"exited","exitCode":0,"killed":false}\n')
})
