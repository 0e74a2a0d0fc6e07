/**
 * Sentences after the report: what a program lacked in its box that the host has. The run is over,
 * and nothing here changes its outcome. Each sentence is about something that was looked up.
 */
import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { DEFAULT_PATH } from '../../job/box-layout.ts'
import type { RunOptions } from '../../job/options.ts'
import type { AnyResult } from '../../job/result.ts'
import { findInPath } from '../../launch/find-program.ts'
import { type ResolvedProgram, resolveForNewBox } from '../../run/program.ts'
import { runnerOf } from '../../run/runners.ts'
import { quoted } from './shell-words.ts'

export interface Ran {
  readonly program: string
  readonly options: RunOptions
  readonly result: AnyResult
  /** What it wrote to stderr, as far as it was kept. */
  readonly text: string
}

/** The sentences, without a final stop. */
export async function hintsFor({ program, options, result, text }: Ran): Promise<string[]> {
  const limits = result.ok ? [] : (await import('./limit-hints.ts')).limitHints(options, result, text)
  if (options.runner === 'ptrace') return limits // its programs see the host
  const hints = [...limits, ...(await toolChainHint(program, options, result, text))]
  if (result.ok || !/\/(etc|var)\//.test(text)) return hints
  const { missingPaths } = await import('./missing-paths.ts')
  const targets = (options.binds ?? []).map(({ source, target }) => target ?? resolve(source))
  const etc = (options.etc ?? []).map(name => resolve('/etc', name))
  return [...hints, ...missingPaths({ text, etc, targets })]
}

/** What programs, loaders and interpreters write if they lack a file. */
const SPEAKS_OF_MISSING =
  /no such file|not found|cannot (find|open|load)|couldn't (find|open)|no module named|ENOENT|while loading shared/i

/** Programs there are the same in a box and outside. */
const OF_SYSTEM = /^\/(usr|bin|sbin|lib|lib32|lib64|libx32)\//

/** The program outside the system's directories that the caller means; `undefined` if none. */
function ownProgram(program: string): string | undefined {
  const file = program.includes('/')
    ? resolve(program)
    : findInPath(program, { path: process.env['PATH'] ?? '' })
  return file === undefined || OF_SYSTEM.test(file) ? undefined : file
}

function realOf(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    return path
  }
}

/**
 * Says that another program ran than the caller's PATH means, or that only a part of it was there.
 */
async function toolChainHint(
  program: string,
  options: RunOptions,
  result: AnyResult,
  text: string,
): Promise<string[]> {
  const own = ownProgram(program)
  if (own === undefined) return []
  let found: ResolvedProgram
  try {
    found = resolveForNewBox(program, options, runnerOf(options))
  } catch {
    return [] // it has changed since
  }
  const isOther = !program.includes('/') && !isChosen(options) && realOf(own) !== realOf(found.path)
  const other = found.bind === undefined && isOther ? own : undefined
  if (other === undefined && found.bind === undefined) return []
  const { isInVirtualEnvironment, toolChainOf } = await import('./tool-chains.ts')
  const file = other ?? found.bind ?? ''
  const chain = toolChainOf(file)
  const binds = chain.directories.map(directory => `--bind ${quoted(directory)}`)
  const env = Object.entries(chain.env).map(([name, value]) => `--env ${quoted(`${name}=${value}`)}`)
  if (other !== undefined) {
    const path = `--env ${quoted(`PATH=${file.slice(0, file.lastIndexOf('/'))}:${DEFAULT_PATH}`)}`
    const words = [...binds, ...env, path].join(' ')
    return [`${program} was ${found.path} of the box, and your PATH means ${other}; for that one: ${words}`]
  }
  const isTold = chain.isGuess ? !result.ok && SPEAKS_OF_MISSING.test(text) : !result.ok
  if (!isTold && !isInVirtualEnvironment(file)) return []
  return [
    `of ${chain.directories.join(' and ')} only ${file} is visible in the box; for the rest: ${[...binds, ...env].join(' ')}`,
  ]
}

/** Whether the caller has chosen a PATH of the box. */
const isChosen = ({ env }: RunOptions): boolean => (env?.['PATH'] ?? DEFAULT_PATH) !== DEFAULT_PATH
