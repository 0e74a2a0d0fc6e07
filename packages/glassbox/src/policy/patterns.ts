/**
 * The notation of path patterns: what a pattern means, and what is wrong with one. Pure functions.
 */
import { InvalidOptionError } from '../errors.ts'
import { nearest } from '../suggest.ts'
import type { PatternKind } from './resolved.ts'

/** The directories and files that are known only when a program starts. */
export const BASES = ['{work}', '{program}'] as const

/** A pattern as `PathRule` has it. */
export interface Pattern {
  readonly kind: PatternKind
  readonly path: string
}

type Problem = readonly [what: string, hint: string]

const RELATIVE = 'Begin it with "/", or with {work}/ for a path below the working directory.'

/** The base at the beginning, and the rest. The base of an absolute path is empty. */
function split(pattern: string): { readonly base: string; readonly rest: string } {
  const base = /^\{[^/]*\}/.exec(pattern)?.[0] ?? ''
  return { base, rest: pattern.slice(base.length) }
}

function baseProblem(base: string, rest: string): Problem | undefined {
  if (base === '') return rest.startsWith('/') ? undefined : ['is relative', RELATIVE]
  if (!(BASES as readonly string[]).includes(base)) {
    const guess = nearest(base, BASES)
    return [
      `begins with ${base}, which is not a base`,
      guess === undefined ? `The bases are ${BASES.join(' and ')}.` : `Did you mean ${guess}?`,
    ]
  }
  if (base === '{program}' && rest !== '')
    return ['goes on after {program}, which is a file', 'To grant more than the program, name its directory.']
  return rest === '' || rest.startsWith('/') ? undefined : ['needs a slash after the base', RELATIVE]
}

/** The names of the path, without the empty ones at its beginning and end. */
const namesOf = (rest: string): string[] => rest.replace(/^\//, '').replace(/\/$/, '').split('/')

function nameProblem(name: string, isGlob: boolean): Problem | undefined {
  if (name === '.' || name === '..')
    return [`has the component "${name}"`, 'Write the path that it leads to.']
  if (name !== '**' && name.includes('**'))
    return [`has ** inside of the component "${name}"`, 'Two stars stand for directories, as in /srv/**/x.']
  if (/\{[^}]*,[^}]*\}/.test(name) || (isGlob && /\[[^\]]*\]/.test(name)))
    return [`has "${name}"; only * and ? are wildcards`, 'Write one pattern for each alternative.']
  return undefined
}

function problemOf(pattern: string): Problem | undefined {
  if (pattern === '') return ['is empty', RELATIVE]
  const { base, rest } = split(pattern)
  const wrongBase = baseProblem(base, rest)
  if (wrongBase) return wrongBase
  if (rest === '' || rest === '/') return undefined
  if (rest.includes('//')) return ['has an empty component', `Write ${base}${rest.replaceAll(/\/+/g, '/')}.`]
  const isGlob = /[*?]/.test(rest)
  for (const name of namesOf(rest)) {
    const problem = nameProblem(name, isGlob)
    if (problem) return problem
  }
  if (isGlob && rest.endsWith('/'))
    return ['is a glob that ends with a slash', `For everything below, write ${pattern}**.`]
  return undefined
}

/**
 * The meaning of a pattern. Throws InvalidOptionError for `key` if the pattern is invalid.
 *
 * @example
 * parsePattern('/usr/', key)     // { kind: 'tree', path: '/usr' }
 * parsePattern('{work}/*', key)  // { kind: 'level', path: '{work}' }
 * parsePattern('/', key)         // { kind: 'tree', path: '/' }
 */
export function parsePattern(pattern: string, key: string): Pattern {
  const problem = problemOf(pattern)
  if (problem) {
    const [what, hint] = problem
    throw new InvalidOptionError(key, `${key}: the pattern ${JSON.stringify(pattern)} ${what}.`, hint)
  }
  const without = (end: number): string => pattern.slice(0, -end) || '/'
  if (pattern.endsWith('/*') && !/[*?]/.test(pattern.slice(0, -2))) return { kind: 'level', path: without(2) }
  if (/[*?]/.test(pattern)) return { kind: 'glob', path: pattern }
  return pattern.endsWith('/') ? { kind: 'tree', path: without(1) } : { kind: 'exact', path: pattern }
}
