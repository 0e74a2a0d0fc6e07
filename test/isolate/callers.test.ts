/** `doctor CALLER`: the lines of all callers are understood, and what fails is said. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { CALLERS } from '#glassbox/isolate/callers/callers.js'
import { tryCaller } from '#glassbox/isolate/callers/try.js'
import { processIo } from '#glassbox/isolate/process-io.js'
import { type CallIo, IsolateError } from '#glassbox/isolate/types.js'
import { ScriptedKeeper, STATISTICS } from '../support/scripted-keeper.js'

const directory = mkdtempSync(join(tmpdir(), 'glassbox-callers-'))
after(() => rmSync(directory, { recursive: true }))
const config = join(directory, 'config')
writeFileSync(config, 'num_boxes = 10\n')

const io: CallIo = {
  ...processIo('isolate'),
  effectiveUid: 0,
  ids: { uid: 0, gid: 0 },
  environment: [`GLASSBOX_ISOLATE_CONFIG=${config}`],
}

class FineKeeper extends ScriptedKeeper {
  override async run(call: Parameters<ScriptedKeeper['run']>[0]) {
    this.calls.push(call)
    return { end: { cause: 'exit', code: 0 }, statistics: { ...STATISTICS, cgMemKiB: 1 } } as const
  }
}

const surroundings = (keeper: ScriptedKeeper) => ({ version: '1', keeper: async () => keeper })

test('there are eleven callers', () => {
  assert.equal(Object.keys(CALLERS).length, 11)
})

for (const [name, caller] of Object.entries(CALLERS)) {
  test(`the command lines of ${name} are understood in its dialect`, async () => {
    const before = readdirSync('/var/tmp').length
    const keeper = new FineKeeper()
    const tried = await tryCaller(caller, io, surroundings(keeper))
    assert.deepEqual(
      tried.filter(({ failure }) => failure !== undefined),
      [],
    )
    assert.equal(tried.length, caller.lines.length)
    for (const { dialect } of keeper.calls) assert.equal(dialect, caller.dialect)
    assert.equal(keeper.calls.at(-1)?.command, 'cleanup')
    assert.equal(readdirSync('/var/tmp').length, before, 'no directory is left')
  })
}

test('a line that fails is told with its message; the others are tried', async () => {
  const { kjudge } = CALLERS
  assert.ok(kjudge)
  const keeper = new ScriptedKeeper() // it can run no real program
  const tried = await tryCaller(kjudge, io, surroundings(keeper))
  assert.deepEqual(
    tried.map(({ failure }) => failure),
    [undefined, undefined, 'exit code 2: Cannot run /bin/true', undefined],
  )
})

test('a key that a caller must find and does not is told', async () => {
  const { kjudge } = CALLERS
  assert.ok(kjudge)
  class WithoutMemory extends FineKeeper {
    override async run(call: Parameters<ScriptedKeeper['run']>[0]) {
      const outcome = await super.run(call)
      return { ...outcome, statistics: { ...outcome.statistics, cgMemKiB: undefined as never } }
    }
  }
  const tried = await tryCaller(kjudge, io, surroundings(new WithoutMemory()))
  assert.equal(tried[2]?.failure, 'the meta file has no cg-mem')
})

test('a host on which no box can be made is told once', async () => {
  const { kjudge } = CALLERS
  assert.ok(kjudge)
  class Refusing extends ScriptedKeeper {
    override async init(): Promise<string> {
      throw new IsolateError('internal', 'Disk full')
    }
  }
  await assert.rejects(tryCaller(kjudge, io, surroundings(new Refusing())), {
    message: /No box can be made.*: Disk full/,
  })
})
