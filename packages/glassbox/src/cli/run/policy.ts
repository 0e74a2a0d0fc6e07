/**
 * The policy that the options of `glassbox run` ask for: --policy, --allow-read, --allow-write,
 * --allow-exec and --deny together. They only add to a policy; the runner checks the whole.
 */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { InvalidOptionError } from '../../errors.ts'
import { BOX_DIRECTORY } from '../../job/box-layout.ts'
import type { Profile, RunOptions } from '../../job/options.ts'
import { besideProgram } from '../../policy/beside-program.ts'
import { denyCalls } from '../../policy/deny-calls.ts'
import type { PathRules, Policy, PresetName } from '../../policy/policy.ts'
import { DEFAULT_POLICY } from '../../seccomp/defaults.ts'
import type { ParsedOptions } from '../options.ts'
import { policyNamed } from '../policy/named.ts'

const ALLOW = { read: '--allow-read', write: '--allow-write', execute: '--allow-exec' } as const

/**
 * `undefined` if the options leave the policy to the profile or the runner. What they add, they
 * add to the policy of the profile, if it has one.
 */
export async function requestedPolicy(
  parsed: ParsedOptions,
  profile: Profile = {},
): Promise<RunOptions['policy']> {
  const { values, lastOf } = parsed
  const given = lastOf('--policy')
  const denied = (values.get('--deny') ?? []).flatMap(text => text.split(',').map(name => name.trim()))
  const paths = allowedPaths(values)
  const base = given === undefined ? undefined : await policyNamed(given, '--policy')
  if (base === undefined && !paths && denied.length === 0) return undefined
  const runner = lastOf('--runner') ?? profile.runner
  const ofRunner = paths || runner === 'ptrace' ? 'default' : DEFAULT_POLICY
  const whole = base ?? profile.policy ?? withDirectoryOf(parsed.rest[0] ?? '', ofRunner)
  const allowing: Policy | PresetName = paths ? { extends: whole, paths } : whole
  return denied.length > 0 ? withDenied(denied, allowing) : allowing
}

/** Errors about the calls are errors of --deny. */
function withDenied(names: readonly string[], base: Policy | PresetName): Policy {
  try {
    return denyCalls(names, base)
  } catch (error) {
    if (!(error instanceof InvalidOptionError) || error.option !== 'policy') throw error
    throw new InvalidOptionError('--deny', `--deny: ${error.message}`, error.hint)
  }
}

function allowedPaths(values: ParsedOptions['values']): PathRules | undefined {
  const rules = Object.entries(ALLOW).flatMap(([key, option]) => {
    const patterns = [...new Set((values.get(option) ?? []).map(patternOf))]
    return patterns.length > 0 ? [[key, patterns] as const] : []
  })
  return rules.length > 0 ? Object.fromEntries(rules) : undefined
}

/**
 * A path of the command line as a pattern: absolute, and with a final slash if it is a directory.
 * `/box` means the working directory, as in other options.
 */
function patternOf(text: string): string {
  if (text.startsWith('{')) return text
  const path = resolve(text)
  const whole = text.endsWith('/') || isDirectory(path) ? `${path.replace(/\/$/, '')}/` : path
  return whole === BOX_DIRECTORY || whole.startsWith(`${BOX_DIRECTORY}/`)
    ? `{work}${whole.slice(BOX_DIRECTORY.length)}`
    : whole
}

const isDirectory = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false // a pattern, or a file that does not exist yet
  }
}

/**
 * Without --policy, the files beside the program may be read, as without any policy. A program
 * without a slash in its name is one of the system.
 */
function withDirectoryOf(program: string, base: PresetName | Policy): PresetName | Policy {
  const beside = base === 'default' && program.includes('/') ? besideProgram(resolve(program)) : undefined
  return beside === undefined || /[*?]/.test(beside.path)
    ? base
    : { extends: base, paths: { read: [`${beside.path}/*`] } }
}
