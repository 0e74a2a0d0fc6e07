/**
 * From the rules of a policy about paths to what a ruleset has to handle and grant. Looks at no
 * file.
 */
import type { PathRule, ResolvedPaths } from '../policy/resolved.ts'
import { ACCESS } from '../policy/resolved.ts'
import { rightsFor, rightsOfAbi, rightsWithoutTruncation, scopesOfAbi } from './rights.ts'
import type { Grant, LandlockSpec } from './types.ts'

/** What the patterns of a policy mean for one program. */
export interface SpecContext {
  /** The working directory, which `{work}` stands for: absolute, without a final slash. */
  readonly work: string
  /** The program file, which `{program}` stands for. */
  readonly program: string
  /**
   * Directories to which an earlier program of the same sandbox may have written, besides the
   * working directory and what this policy lets the program write.
   */
  readonly writable?: readonly string[]
  /** The version of the ABI: `requireLandlock()`, or a lower one. */
  readonly abi: number
  /**
   * Whether to keep signals and abstract sockets inside too. A program without namespaces needs
   * it; ABI 6.
   */
  readonly scopes?: boolean
  /**
   * Whether something else keeps the program from emptying files: see `rightsWithoutTruncation`.
   */
  readonly withoutTruncation?: boolean
}

/**
 * The spec for a program. Rules that only let ask for attributes are left out, because Landlock
 * does not cover those calls.
 *
 * @example
 * const spec = landlockSpec(paths, { work: '/box', program: '/bin/ls', abi: requireLandlock() })
 */
export function landlockSpec({ rules }: Pick<ResolvedPaths, 'rules'>, context: SpecContext): LandlockSpec {
  const placed = rules.map(rule => ({ ...rule, path: withBase(rule.path, context) }))
  const written = writtenTrees(placed, context)
  const handled = context.withoutTruncation ? rightsWithoutTruncation(context.abi) : rightsOfAbi(context.abi)
  return {
    abi: context.abi,
    handled,
    scoped: context.scopes ? scopesOfAbi(context.abi) : 0,
    grants: placed
      .map(rule => grantOf(rule, written, context.abi, handled))
      .filter(({ rights }) => rights.file !== 0 || rights.directory !== 0),
  }
}

function withBase(path: string, { work, program }: SpecContext): string {
  if (path === '{program}') return program
  return path.startsWith('{work}') ? joined(work, path.slice('{work}'.length)) : path
}

const joined = (base: string, rest: string): string => (base === '/' && rest !== '' ? rest : `${base}${rest}`)

const isBelow = (path: string, directory: string): boolean =>
  path.startsWith(directory === '/' ? '/' : `${directory}/`)

/**
 * The outermost directories in which the program, or an earlier one, may have made links. Nothing
 * is outside of the root.
 */
function writtenTrees(rules: readonly PathRule[], { work, writable = [] }: SpecContext): string[] {
  const trees = rules.filter(({ kind, access }) => kind === 'tree' && access & ACCESS.write)
  const all = [work, ...writable, ...trees.map(({ path }) => path)].filter(path => path !== '/')
  return all.filter(path => !all.some(other => other !== path && isBelow(path, other)))
}

function grantOf(
  { text, kind, path, access }: PathRule,
  written: readonly string[],
  abi: number,
  handled: number,
): Grant {
  const { file, directory } = rightsFor(access, { tree: kind === 'tree', abi })
  const within = written.find(tree => path === tree || isBelow(path, tree))
  return {
    ...{ text, kind, path, rights: { file: file & handled, directory: directory & handled } },
    // The directory itself is found as usual: only what is below it may be a link of a program's.
    ...(within === undefined || (within === path && kind === 'tree') ? {} : { within }),
  }
}
