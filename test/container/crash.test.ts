/** kill -9 of the Node process at any moment leaves no process, mount or cgroup behind. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sweepCgroups } from '#glassbox/cgroup/sweep.js'
import { call, syscall } from '#glassbox/gate/gate.js'
import { __WALL, PR_SET_CHILD_SUBREAPER, WNOHANG } from '#glassbox/linux/constants.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { cgroupsLeft, children } from '../support/left.js'
import { PHASES } from '../support/victim.js'

/** `GLASSBOX_CRASHES=200` for the long form. */
const ROUNDS = Number(process.env['GLASSBOX_CRASHES'] ?? 20)
const victimFile = fileURLToPath(new URL('../support/victim.js', import.meta.url))

/** Where each round strikes: a phase of a victim, so that a few rounds meet all of them. */
const MOMENTS = Object.entries(PHASES).flatMap(([kind, phases]) => phases.map(phase => ({ kind, phase })))

/**
 * How long after the beginning of a phase: most often at once, for the short ones; at most when
 * most are over.
 */
const delayMs = (): number => Math.random() ** 2 * 25

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // it ended meanwhile
  }
}

/**
 * Whoever loses its parent below this process becomes its child: so what a victim leaves is
 * known, whatever else runs on the machine. Those that have ended are reaped; the others are told
 * by name.
 */
const WAIT4 = syscallNumber('wait4')
let reaped = 0

function orphans(): string[] {
  const all = children()
  const living = all.filter(pid => syscall(WAIT4, Number(pid), 0, WNOHANG | __WALL, 0) === 0)
  reaped += all.length - living.length
  return living.map(
    pid =>
      `process ${pid} (${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}): ` +
      `${read(`/proc/${pid}/status`).replaceAll(/\s+/g, ' ')} ${read(`/proc/${pid}/stack`)}`,
  )
}

/** Programs of the victim, wherever they are. */
function programsOf(marker: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && read(`/proc/${name}/cmdline`).split('\0').includes(marker))
    .map(pid => `program ${pid}: ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`)
}

const mounts = (): number => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length

/**
 * The init of an ordinary user holds no directory of the host: there the groups wait, empty, for
 * the next start, which sweeps them.
 */
const isRoot = process.getuid?.() === 0
const isEmpty = (group: string): boolean => read(`${group}/cgroup.procs`) === ''

interface Struck {
  readonly pid: number | undefined
  readonly signal: NodeJS.Signals | null
  /** The last phase that it had begun. */
  readonly phase: string | undefined
}

/**
 * Starts a victim and kills it some time after it has begun `phase` for the second time, or the
 * first.
 */
async function strike(kind: string, phase: string, marker: string): Promise<Struck> {
  const victim = spawn(process.execPath, [victimFile, kind, marker], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<NodeJS.Signals | null>(resolve =>
    victim.once('close', (_code, signal) => resolve(signal)),
  )
  const before = Math.random() < 0.5 ? 0 : 1
  let seen = 0
  let last: string | undefined
  let output = ''
  victim.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    const lines = output.split('\n')
    output = lines.pop() ?? ''
    for (const line of lines) {
      last = line
      if (line === phase && seen++ === before) setTimeout(() => victim.kill('SIGKILL'), delayMs())
    }
  })
  return { pid: victim.pid, signal: await ended, phase: last }
}

test(`nothing is left after a kill -9 at ${ROUNDS} random moments of all phases [RB-01]`, async context => {
  call('prctl', [PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0])
  const before = mounts()
  const met = new Map<string, number>()
  for (let round = 0; round < ROUNDS; round++) {
    const { kind, phase } = MOMENTS[round % MOMENTS.length] as (typeof MOMENTS)[number]
    const marker = `glassbox-victim-${process.pid}-${round}`
    const struck = await strike(kind, phase, marker)
    assert.equal(struck.signal, 'SIGKILL', `${kind}, ${phase}: the victim ran until it was killed`)
    const moment = `${kind}: ${struck.phase}`
    met.set(moment, (met.get(moment) ?? 0) + 1)
    const groups = new RegExp(`^glassbox-${struck.pid}-`)
    const left = (): string[] => [
      ...orphans(),
      ...cgroupsLeft(groups).filter(group => isRoot || !isEmpty(group)),
      ...programsOf(marker),
    ]
    for (let tries = 0; tries < 500 && left().length > 0; tries++)
      await new Promise(resolve => setTimeout(resolve, 20))
    assert.deepEqual(left(), [], `round ${round}, ${moment}`)
    if (!isRoot) await sweepCgroups(undefined, 0)
    assert.deepEqual(cgroupsLeft(groups), [], `round ${round}, ${moment}, swept`)
  }
  assert.equal(mounts(), before)
  assert.ok(reaped >= ROUNDS / 2, `the control: ${reaped} inits and tracees came here and ended`)
  for (const [moment, count] of met) context.diagnostic(`${moment}: ${count}`)
  if (ROUNDS >= 10 * MOMENTS.length)
    assert.deepEqual(
      MOMENTS.map(({ kind, phase }) => `${kind}: ${phase}`).filter(moment => !met.has(moment)),
      [],
      'every phase was met',
    )
})
