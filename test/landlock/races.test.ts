/**
 * Races against the wall: a second thread changes what the path of a call means. No call may reach
 * a file outside of the policy, in 100 000 changes; with GLASSBOX_FLIPS=1000000, in a million.
 * Without the wall each attack wins.
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { landlock } from '#glassbox/landlock/abi.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { rule, runBehind, specOf } from './support/walled.js'

const found = landlock()
const skip = 'abi' in found && found.abi >= 3 ? false : 'needs Landlock ABI 3'
const FLIPS = Number(process.env['GLASSBOX_FLIPS'] ?? 100_000)
const CALLS = ['open', 'exec', 'link', 'rename', 'mkdir', 'truncate', 'unlink'] as const
const KINDS = ['string', 'link', 'directory', 'dirfd', 'cwd', 'mapping'] as const

/** The files that race.c describes. */
function makeFiles(context: TestContext): string {
  const root = join(temporaryDirectory(context), 'race')
  for (const path of ['', 'ok', 'no', 'ok/a']) mkdirSync(join(root, path))
  for (const directory of ['ok', 'ok/a', 'no']) {
    writeFileSync(join(root, directory, 'f'), directory === 'no' ? 'SECRET' : 'ok')
    writeFileSync(join(root, directory, 'u'), '')
    copyFileSync(directory === 'no' ? '/bin/false' : '/bin/true', join(root, directory, 'x'))
  }
  const links = { b: 'no', s: 'ok', t: 'no' }
  for (const [name, target] of Object.entries(links)) symlinkSync(join(root, target), join(root, 'ok', name))
  writeFileSync(join(root, 'ok/map'), '')
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
function race(context: TestContext, walled: boolean, call: string, kind: string, flips: number): Outcome {
  const cwd = makeFiles(context)
  const guest = program('race')
  const spec = walled ? specOf([rule('wx', 'tree', `${cwd}/ok`)], { program: guest }) : undefined
  const calls = call === 'exec' ? 200 : Math.round(flips / 20)
  const { stdout } = runBehind(context, { spec, cwd }, guest, [call, kind, String(flips), String(calls)])
  const [made = 0, , allowed = 0, refused = 0, , wins = NaN] = stdout.split(' ').map(Number)
  return { flips: made, allowed, refused, wins, line: `${call} ${kind}: ${stdout.trim()}` }
}

for (const call of CALLS) {
  test(`${call}: no race wins against the wall`, { skip }, context => {
    for (const kind of KINDS) {
      const { flips, allowed, refused, wins, line } = race(context, true, call, kind, FLIPS)
      assert.equal(wins, 0, line)
      assert.ok(flips >= FLIPS && allowed > 0 && refused > 0, `it was a race: ${line}`)
      context.diagnostic(line)
    }
  })

  test(`${call}: the same races win without it`, { skip }, context => {
    for (const kind of KINDS) {
      const { wins, line } = race(context, false, call, kind, 0)
      assert.ok(wins > 0, line)
    }
  })
}
