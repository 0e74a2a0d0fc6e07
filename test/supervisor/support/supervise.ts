/**
 * Runs guest programs under a supervisor, as the ptrace runner would: in a directory of their own,
 * as root under a user of their own, with a filter made of rules for a test.
 */
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEFAULT_LIMITS } from '#glassbox/job/limits.js'
import { deriveVerdict } from '#glassbox/job/verdict.js'
import type { Limits } from '#glassbox/job/options.js'
import type { BegunRuleset } from '#glassbox/landlock/types.js'
import type { CallDecision, CallToDecide } from '#glassbox/policy/policy.js'
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import type { CallRule, Condition } from '#glassbox/seccomp/policy.js'
import type { ProgramSpec, StopAction, Supervised, SupervisedEnding } from '#glassbox/supervisor/contract.js'
import { startProgram } from '#glassbox/supervisor/supervise.js'

/** Calls that stop, and what the supervisor does then. */
export interface Stop {
  readonly calls: readonly string[]
  readonly when?: readonly Condition[]
  readonly action: StopAction
}

export interface Options {
  readonly limits?: Limits
  readonly stops?: readonly Stop[]
  readonly env?: Readonly<Record<string, string>>
  readonly ask?: (handler: number, call: CallToDecide) => CallDecision | Promise<CallDecision>
  /** Parts of the spec that replace those for `stops`. */
  readonly spec?: (spec: ProgramSpec) => Partial<ProgramSpec>
  /** The ruleset, to which rules are added while the program starts. */
  readonly begun?: BegunRuleset
  /** Called with the program when it runs. */
  readonly running?: (program: Supervised) => void | Promise<void>
}

export interface Outcome {
  readonly ending: SupervisedEnding
  readonly stdout: string
  readonly status: string
  readonly wallTimeMs: number
}

/** A user who owns nothing else. */
const GUEST = process.getuid?.() === 0 ? { uid: 0x7000_4000, gid: 0x7000_4000 } : undefined

const BIRTHS: Stop = { calls: ['fork', 'vfork', 'clone'], action: { kind: 'birth' } }

function filterOf(stops: readonly Stop[]): Uint8Array {
  const rules: CallRule[] = stops.map(({ calls, when }, data) => ({
    syscalls: calls,
    ...(when ? { when } : {}),
    action: { kind: 'trace', data },
  }))
  const noClone3: CallRule = { syscalls: ['clone3'], action: { kind: 'errno', errno: 38 } }
  const allow = { kind: 'allow' } as const
  return compilePolicy({ rules: [noClone3, ...rules], otherwise: allow }, { foreign: allow, unknown: allow })
}

/** What a program needs to start; `directory` is its working directory, `stdout` its output. */
export function specOf(
  path: string,
  args: readonly string[],
  { limits, stops = [], env }: Options,
  { directory, stdout }: { readonly directory: string; readonly stdout: number },
): ProgramSpec {
  const all = [...stops, BIRTHS]
  return {
    path,
    argv: [path, ...args],
    env: { PATH: '/usr/bin:/bin', ...env },
    cwd: directory,
    stdio: [stdout, stdout, stdout],
    ...(GUEST ? { user: GUEST } : {}),
    limits: { ...DEFAULT_LIMITS, ...limits },
    filter: filterOf(all),
    ruleset: undefined,
    decisions: { actions: all.map(({ action }) => action) },
  }
}

/** Starts all the workers that there can be, so that their descriptors are there before a test. */
export async function warmUp(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 4 }, () => supervise('/bin/sleep', ['0.1'])))
    await sleep(100)
  }
}

/** Runs the program to its end. */
export async function supervise(
  path: string,
  args: readonly string[] = [],
  options: Options = {},
): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'glassbox-supervised-'))
  if (GUEST) chownSync(directory, GUEST.uid, GUEST.gid)
  const file = join(directory, '.stdout')
  const stdout = openSync(file, 'w+')
  try {
    const made = specOf(path, args, options, { directory, stdout })
    const spec = { ...made, ...options.spec?.(made) }
    const program = await startProgram(spec, options.ask ?? (() => 'allow'), options.begun)
    await options.running?.(program)
    const ending = await program.ended
    const wallTimeMs = Number(ending.endedNs - ending.startedNs) / 1e6
    const { status } = deriveVerdict({ ending, wallTimeMs, outputExceeded: false }, spec.limits)
    return { ending, stdout: readFileSync(file, 'utf8'), status, wallTimeMs }
  } finally {
    closeSync(stdout)
    rmSync(directory, { recursive: true, force: true })
  }
}
