/**
 * Turns the arguments of `glassbox run` into options of run() and targets of `--copy-out`.
 * Everything is checked before anything is started.
 */
import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import { pathComponents } from '../../job/box-path.ts'
import { GlassboxError, InvalidOptionError } from '../../errors.ts'
import { DEFAULT_ENV } from '../../job/box-layout.ts'
import type { RunOptions } from '../../job/options.ts'
import { isSpecial } from '../../stdio/special-file.ts'
import type { ParsedOptions } from '../options.ts'
import { type CopyOut, collectOf } from './copy-out.ts'
import { parseEnv } from './environment.ts'
import { copyInTarget, copyOutTarget, parseBind, parsePair } from './paths.ts'
import { LIMIT_OPTIONS } from './options.ts'

/**
 * Refuses a name that was given twice, because the second file would silently replace the first.
 */
function refuseTwice(option: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw new InvalidOptionError(option, `${option}: ${twice} was given twice.`, 'Name each file once.')
}

/**
 * Checks a name in the working directory as the library does. The error names the option of the
 * command.
 */
function checkNameInBox(option: string, name: string): void {
  try {
    pathComponents(name)
  } catch (error) {
    if (!(error instanceof GlassboxError)) throw error
    throw new InvalidOptionError(option, `${option}: ${error.message}`, error.hint)
  }
}

function checkReadable(source: string): void {
  const hint = 'Name an existing file or directory that you may read.'
  try {
    accessSync(source, constants.R_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InvalidOptionError('--copy-in', `--copy-in: cannot read ${source}: ${code}.`, hint)
  }
}

/**
 * The directory must exist before the program runs, because otherwise its result could not be
 * kept. A device or pipe is written itself (output-files.ts), so its directory does not matter.
 */
function checkTarget(target: string): void {
  const special = isSpecial(target)
  try {
    accessSync(special ? target : dirname(target), constants.W_OK)
  } catch {
    if (special)
      throw new InvalidOptionError('--copy-out', `--copy-out: cannot write to ${target}.`, 'Check its mode.')
    throw new InvalidOptionError(
      '--copy-out',
      `--copy-out: cannot write into ${dirname(target)}.`,
      'Name a file in an existing directory that you may write to.',
    )
  }
}

function copyInOf(texts: readonly string[]): RunOptions['files'] {
  const files = texts.map(text => {
    const [source, target] = parsePair('--copy-in', text, true)
    return [copyInTarget(source, target), { file: source }] as const
  })
  const names = files.map(([name]) => name)
  refuseTwice('--copy-in', names)
  for (const [name, { file }] of files) {
    checkNameInBox('--copy-in', name)
    checkReadable(file)
  }
  return Object.fromEntries(files)
}

function copyOutOf(texts: readonly string[]): CopyOut {
  const files = texts.map(text => {
    const [source, target] = parsePair('--copy-out', text, false)
    return [source, copyOutTarget(source, target)] as const
  })
  refuseTwice(
    '--copy-out',
    files.map(([name]) => name),
  )
  for (const [name, target] of files) {
    checkNameInBox('--copy-out', name)
    checkTarget(target)
  }
  return new Map(files)
}

/** Without these options, nothing about policies is loaded. */
const POLICY_OPTIONS = ['--policy', '--allow-read', '--allow-write', '--allow-exec', '--deny']

const asksForPolicy = ({ values }: ParsedOptions): boolean => POLICY_OPTIONS.some(name => values.has(name))

/** The options of run() for the arguments of the command. Streams are left to the caller. */
export async function runRequest(parsed: ParsedOptions): Promise<RunOptions> {
  const { values, lastOf } = parsed
  const all = (name: string): readonly string[] => values.get(name) ?? []
  const limits = Object.fromEntries(
    LIMIT_OPTIONS.flatMap(({ name, limit, parse }) => {
      const text = lastOf(name)
      return text === undefined ? [] : [[limit, parse(name, text)]]
    }),
  )
  const files = copyInOf(all('--copy-in'))
  const copyOut = copyOutOf(all('--copy-out'))
  const named = lastOf('--profile')
  const profile = named === undefined ? undefined : await (await import('./profile.ts')).profileNamed(named)
  const policy = asksForPolicy(parsed)
    ? await (await import('./policy.ts')).requestedPolicy(parsed, profile)
    : undefined
  const chosen = { runner: lastOf('--runner'), net: lastOf('--net'), cwd: lastOf('--cwd') }
  return {
    ...(Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined)) as RunOptions),
    ...(profile && { profile }),
    limits,
    ...(parsed.flags.has('--here') ? { here: true } : {}),
    ...(files && { files }),
    binds: all('--bind').map(parseBind),
    ...(values.has('--etc') ? { etc: all('--etc') } : {}),
    env: { ...DEFAULT_ENV, ...profile?.env, ...Object.fromEntries(all('--env').map(parseEnv)) },
    collect: collectOf(copyOut),
    ...(policy === undefined ? {} : { policy }),
  }
}
