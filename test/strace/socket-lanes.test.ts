/**
 * The program does not wait while its messages are told, and still a descriptor that was closed
 * and opened again is what it is at each call: the text is strace's, in all lanes.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { CONFINED, notConfined, OURS, runTracer, THEIRS } from './support/strace.js'

const CALLS = 'trace=sendto,recvfrom,sendmsg,sendmmsg,recvmsg'

function linesOf(
  context: Parameters<typeof temporaryDirectory>[0],
  tracer: readonly string[],
  options: readonly string[],
  lanes?: string,
): readonly string[] {
  const file = join(temporaryDirectory(context), 'trace')
  const args = ['-a', '1', '-e', CALLS, '-o', file, ...options, program('reused-sockets')]
  const env = lanes === undefined ? process.env : { ...process.env, GLASSBOX_TEST_LANES: lanes }
  const ran = runTracer([...CONFINED, ...tracer], args, { env })
  assert.equal(ran.code, 0, ran.err)
  return readFileSync(file, 'latin1')
    .replaceAll(/0x[0-9a-f]{6,}/g, 'ADDR')
    .split('\n')
}

for (const options of [[], ['-v', '-s', '5'], ['-xx']])
  test(`the text is strace's in all lanes ${options.join(' ')}`, { skip: notConfined }, context => {
    const theirs = linesOf(context, THEIRS, options)
    for (const lanes of [undefined, 'strict', 'captures', 'off'])
      assert.deepEqual(linesOf(context, OURS, options, lanes), theirs, lanes)
  })

test('the control: the same bytes are shown in both ways', { skip: notConfined }, context => {
  const lines = linesOf(context, OURS, [])
  const sent = lines.filter(line => line.startsWith('sendto(3, '))
  assert.ok(sent.filter(line => line.includes('nlmsg_type=NLMSG_NOOP')).length >= 2)
  assert.equal(sent.filter(line => line.startsWith(String.raw`sendto(3, "\20\0\0\0`)).length, 3)
})

test('events are the same in all lanes', { skip: notConfined }, context => {
  const events = (lanes: string): unknown =>
    linesOf(context, OURS, ['--json'], lanes)
      .filter(Boolean)
      .map(line => {
        const { name, args } = JSON.parse(line) as { name?: string; args?: unknown }
        return { name, args: JSON.stringify(args ?? null).replaceAll(/\d{9,}/g, 'ADDR') }
      })
  assert.deepEqual(events('strict'), events('off'))
})
