/** Programs that are started while the rules of their ruleset are still being added. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { close } from '#glassbox/gate/descriptors.js'
import { landlock } from '#glassbox/landlock/abi.js'
import { beginRuleset } from '#glassbox/landlock/ruleset.js'
import { landlockSpec } from '#glassbox/landlock/spec.js'
import type { BegunRuleset } from '#glassbox/landlock/types.js'
import { ACCESS, type PathRule } from '#glassbox/policy/resolved.js'
import { assertNothingLeft, children, type Surroundings, surroundings } from '../support/left.js'
import { supervise, warmUp } from './support/supervise.js'

const found = landlock()
const skip = 'abi' in found ? false : 'needs Landlock'
const abi = 'abi' in found ? found.abi : 0

let start: Surroundings
before(async () => {
  await warmUp()
  start = surroundings()
})
after(() => assertNothingLeft(start))

const tree = (access: number, path: string): PathRule => ({ text: path, kind: 'tree', path, access })
const SYSTEM = ['/usr', '/lib', '/lib64', '/bin'].map(path => tree(ACCESS.execute, path))
const STATUS = ['/bin/cat', '/proc/self/status'] as const
const UPTIME = ['/bin/cat', '/proc/uptime'] as const

/** A ruleset for programs of the system, and as it is when it was made once before. */
function begunAgain(rules: readonly PathRule[]): BegunRuleset {
  const spec = landlockSpec(
    { rules: [...SYSTEM, ...rules] },
    { work: '/nowhere', program: '/bin/cat', abi, scopes: true },
  )
  const first = beginRuleset(spec)
  first.addAll()
  close(first.fd)
  return beginRuleset(spec)
}

async function exitOf(
  [path, ...args]: readonly [string, ...string[]],
  begun: BegunRuleset,
  replaced: Partial<BegunRuleset> = {},
): Promise<unknown> {
  try {
    const { ending } = await supervise(path, args, { begun: { ...begun, ...replaced } })
    return ending.exit
  } finally {
    close(begun.fd)
  }
}

test('a program waits for rules that are added late, and has exactly these', { skip }, async () => {
  const uptime = { ...tree(ACCESS.read, '/proc/uptime'), kind: 'exact' } as const
  for (const [program, code] of [
    [UPTIME, 0],
    [STATUS, 1],
  ] as const) {
    const begun = begunAgain([uptime])
    assert.deepEqual(begun.expectedOwn, [])
    const addAll: BegunRuleset['addAll'] = () => {
      const until = performance.now() + 100
      // The program is there by then, and would have run without its rules.
      while (performance.now() < until || children().length === 0);
      return begun.addAll()
    }
    assert.deepEqual(await exitOf(program, begun, { addAll }), { code })
  }
})

test('rules about its own entries are those of now, not those of the last program', { skip }, async () => {
  const own = tree(ACCESS.read, '/proc/self')
  assert.deepEqual(await exitOf(STATUS, begunAgain([own])), { code: 0 }, 'the control')
  assert.deepEqual(await exitOf(STATUS, begunAgain([own]), { expectedOwn: [] }), { code: 0 })
  const expectedOwn = [{ path: '/proc/self', access: 4 }]
  assert.deepEqual(await exitOf(STATUS, begunAgain([]), { expectedOwn }), { code: 1 })
})

test('rules that cannot be added leave no program behind', { skip }, async () => {
  const addAll = (): never => {
    throw new RangeError('too many files')
  }
  await assert.rejects(exitOf(UPTIME, begunAgain([]), { addAll }), { message: 'too many files' })
  assert.deepEqual(children(), [])
})
