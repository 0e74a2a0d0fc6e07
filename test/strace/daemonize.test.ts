/** -D: who started the command is its parent, and sees its end; the tracer is nobody's child. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { temporaryDirectory } from '../support/temporary.js'
import { noStrace, normalized, OURS, THEIRS } from './support/strace.js'

const ENDED = /^\+\+\+ (exited with|killed by)/m
const LOOKS = 500
const LOOK_MS = 20

interface Ran {
  readonly pid: number
  readonly code: number | null
  readonly signal: string | null
  readonly out: string
  readonly err: string
  readonly trace: string
}

/** The tracer may write on when the command has ended. */
async function whole(file: string): Promise<string> {
  for (let look = 0; look < LOOKS; look++) {
    const text = readFileSync(file, 'latin1')
    if (ENDED.test(text)) return text
    await setTimeout(LOOK_MS)
  }
  throw new Error(`${file} has no end`)
}

async function run(
  context: TestContext,
  tracer: readonly string[],
  how: string,
  script: string,
): Promise<Ran> {
  const file = join(temporaryDirectory(context), 'trace')
  const [program = '', ...first] = tracer
  const ran = spawnSync(program, [...first, how, '-o', file, 'sh', '-c', script], {
    encoding: 'utf8',
    input: 'told\n',
    timeout: 60_000,
  })
  const { pid, status: code, signal, stdout: out, stderr: err } = ran
  return { pid, code, signal, out, err, trace: await whole(file) }
}

/** Its own id and its parent's, then of its tracer the parent, the group and the session. */
const KINSHIP = `echo $$ $PPID
tracer=$(sed -n 's/^TracerPid:[^0-9]*//p' /proc/$$/status)
read -r stat < /proc/$tracer/stat
set -- \${stat##*) }
echo $tracer $2 $3 $4`

/** Whether the tracer has a group and a session of its own. */
const PLACES = [
  ['-D', false, false],
  ['-DD', true, false],
  ['-DDD', true, true],
  ['--daemonize', false, false],
  ['--daemonize=pgrp', true, false],
  ['--daemonize=session', true, true],
] as const

for (const [how, ownGroup, ownSession] of PLACES) {
  test(`${how}: the command is our child, its tracer is not its child`, async context => {
    const { pid, code, out } = await run(context, OURS, how, KINSHIP)
    const [id, parent, tracer, tracersParent, group, session] = out.trim().split(/\s+/).map(Number)
    assert.deepEqual([code, id, parent], [0, pid, process.pid])
    assert.notEqual(tracersParent, pid)
    assert.notEqual(tracersParent, process.pid)
    assert.deepEqual([group === tracer, session === tracer], [ownGroup, ownSession])
  })
}

const SCRIPTS = [
  ['a status', 'read line; echo $line; exit 7'],
  ['a signal', 'kill -KILL $$'],
  ['an environment that knows nothing', '[ -z "$GLASSBOX_TRACER_OF" ] && echo none'],
] as const

for (const [what, script] of SCRIPTS) {
  test(`its end and its text are as with strace: ${what}`, { skip: noStrace }, async context => {
    const shown = ({ code, signal, out, err, trace }: Ran): unknown => ({
      code,
      signal,
      out,
      err,
      trace: normalized(trace).split('\n'),
    })
    const ours = await run(context, OURS, '-D', script)
    const theirs = await run(context, THEIRS, '-D', script)
    assert.deepEqual(shown(ours), shown(theirs))
  })
}
