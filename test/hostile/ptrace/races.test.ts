/**
 * Races against the whole runner: a second thread changes what the path of a call means while the
 * call is decided (tier named), or judged by Landlock alone (silent). No call may reach a file
 * outside of the policy. Without a policy the same attacks win.
 */
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { type Policy, run } from '#glassbox/index.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

/** GLASSBOX_FLIPS=1000000 for a measurement. */
const FLIPS = Number(process.env['GLASSBOX_FLIPS'] ?? 1000)
const CALLS = ['open', 'exec', 'mkdir'] as const
const KINDS = ['string', 'link', 'directory', 'dirfd', 'cwd', 'mapping'] as const
const LIMITS = { cpuTimeMs: Infinity, wallTimeMs: Infinity }

/** The files that race.c describes. All users may do everything, as far as modes are concerned. */
function makeFiles(context: TestContext): string {
  const root = join(temporaryDirectory(context), 'race')
  chmodSync(join(root, '..'), 0o755)
  for (const path of ['', 'ok', 'no', 'ok/a']) {
    mkdirSync(join(root, path))
    chmodSync(join(root, path), 0o777)
  }
  for (const directory of ['ok', 'ok/a', 'no']) {
    for (const name of ['f', 'u']) {
      writeFileSync(join(root, directory, name), directory === 'no' ? 'SECRET' : 'ok')
      chmodSync(join(root, directory, name), 0o666)
    }
    copyFileSync(directory === 'no' ? '/bin/false' : '/bin/true', join(root, directory, 'x'))
  }
  const links = { b: 'no', s: 'ok', t: 'no' }
  for (const [name, target] of Object.entries(links)) symlinkSync(join(root, target), join(root, 'ok', name))
  writeFileSync(join(root, 'ok/map'), '')
  chmodSync(join(root, 'ok/map'), 0o666)
  return root
}

interface Outcome {
  readonly flips: number
  readonly allowed: number
  readonly refused: number
  readonly wins: number
  readonly line: string
}

/** Runs the race; with no number of flips, until the first win. */
async function race(
  cwd: string,
  policy: Policy | null,
  [call, kind]: readonly [string, string],
  flips: number,
): Promise<Outcome> {
  const calls = call === 'exec' ? Math.min(200, flips / 20) : flips / 20
  const args = [call, kind, String(flips), String(Math.round(calls))]
  const options = { runner: 'ptrace', policy, cwd, limits: LIMITS } as const
  const result = await run(program('race'), args, options)
  const line = `${call} ${kind}: ${result.stdout.trim()}`
  assert.equal(result.exitCode, 0, `${line} ${JSON.stringify(result)}`)
  const [made = 0, , allowed = 0, refused = 0, , wins = NaN] = result.stdout.split(' ').map(Number)
  return { flips: made, allowed, refused, wins, line }
}

for (const tier of ['named', 'silent'] as const)
  for (const call of CALLS)
    test(`${call}, tier ${tier}: no race reaches a file outside of the policy`, async context => {
      for (const kind of KINDS) {
        const cwd = makeFiles(context)
        const ok = [`${cwd}/ok/`]
        const policy: Policy = { extends: 'default', paths: { tier, write: ok, execute: ok } }
        const { flips, wins, line } = await race(cwd, policy, [call, kind], FLIPS)
        assert.equal(wins, 0, line)
        assert.ok(flips >= FLIPS, `it was a race: ${line}`)
        context.diagnostic(line)
      }
    })

/** With a list in `stat` directories cannot be opened with O_PATH, so there are no others. */
const STAT_KINDS = ['string', 'link', 'directory', 'mapping'] as const

test('stat, which the supervisor makes: no race tells of a file outside of the policy', async context => {
  for (const kind of STAT_KINDS) {
    const cwd = makeFiles(context)
    const policy: Policy = { extends: 'default', paths: { write: [`${cwd}/ok/`], stat: [`${cwd}/ok/`] } }
    const { flips, wins, allowed, line } = await race(cwd, policy, ['stat', kind], FLIPS)
    assert.equal(wins, 0, line)
    assert.ok(flips >= FLIPS && allowed > 0, `it was a race: ${line}`)
    context.diagnostic(line)
  }
})

test('stat: the same races win without a policy', async context => {
  for (const kind of STAT_KINDS) {
    const { wins, line } = await race(makeFiles(context), null, ['stat', kind], 0)
    assert.ok(wins > 0, line)
  }
})

/** Calls that the native step makes. There are no descriptors of directories: see STAT_KINDS. */
const LOOKS = ['stat', 'lstat', 'newfstatat', 'statx', 'access', 'faccessat2', 'readlink'] as const

/** The files that racer.c describes. */
function makeRacerFiles(context: TestContext): string {
  const top = join(temporaryDirectory(context), 'race')
  chmodSync(join(top, '..'), 0o755)
  for (const path of ['', 'ok', 'no', 'ok/way']) {
    mkdirSync(join(top, path))
    chmodSync(join(top, path), 0o777)
    if (path === '') continue
    writeFileSync(join(top, path, 'file'), '')
    chmodSync(join(top, path, 'file'), path === 'no' ? 0o777 : 0o666)
    symlinkSync(path === 'no' ? 'secret' : 'open', join(top, path, 'link'))
  }
  symlinkSync('../no', join(top, 'ok/evil'))
  return top
}

/** To exchange a directory and a link takes JavaScript's decision each time. */
const leastFlips = (attack: 'string' | 'comp'): number => (attack === 'comp' ? FLIPS / 5 : FLIPS)

/** Without a policy it ends when it has won: on a busy machine that can take long. */
const MOST_CALLS = 10_000_000

async function looks(
  top: string,
  policy: Policy | null,
  call: string,
  attack: 'string' | 'comp',
): Promise<{ wins: number; flips: number; line: string }> {
  const inode = statSync(join(top, 'no/file')).ino
  const [calls, flips] =
    policy === null ? [MOST_CALLS, 0] : [Math.max(200, Math.round(FLIPS / 50)), leastFlips(attack)]
  const args = [call, attack, `${calls}`, top, `${flips}`, `${inode}`]
  const result = await run(program('racer'), args, { runner: 'ptrace', policy, limits: LIMITS })
  const line = `${call} ${attack}: wins, flips, calls: ${result.stdout.trim()}`
  assert.equal(result.exitCode, 0, `${line} ${JSON.stringify(result)}`)
  const [wins = NaN, made = 0] = result.stdout.split(' ').map(Number)
  return { wins, flips: made, line }
}

for (const attack of ['string', 'comp'] as const)
  test(`calls that look at a file, made by the native step, ${attack}: no race wins`, async context => {
    for (const call of LOOKS) {
      const top = makeRacerFiles(context)
      const ok = [`${top}/ok/`]
      const policy: Policy = { extends: 'default', paths: { write: ok, stat: ok } }
      const { wins, flips, line } = await looks(top, policy, call, attack)
      assert.equal(wins, 0, line)
      assert.ok(flips >= leastFlips(attack), line)
      context.diagnostic(line)
    }
  })

test('calls that look at a file: the same races win without a policy', async context => {
  for (const attack of ['string', 'comp'] as const)
    for (const call of ['stat', 'access', 'readlink'] as const) {
      const { wins, line } = await looks(makeRacerFiles(context), null, call, attack)
      assert.ok(wins > 0, line)
    }
})

for (const call of CALLS)
  test(`${call}: the same races win without a policy`, async context => {
    for (const kind of KINDS) {
      const { wins, line } = await race(makeFiles(context), null, [call, kind], 0)
      assert.ok(wins > 0, line)
    }
  })
