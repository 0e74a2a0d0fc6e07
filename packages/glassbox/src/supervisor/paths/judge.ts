/**
 * Judges names of files by the rules of a policy. Pure: the rules are compiled to a tree by path
 * components, so a judgement takes time by the length of the name and not by the number of rules.
 */
import { ACCESS, type PathRule } from '../../policy/resolved.ts'
import { matchesPath, pathPattern, type PathPattern } from '../../policy/wildcards.ts'

type Access = keyof typeof ACCESS

/** What each way to use a file includes. */
const INCLUDES: readonly (readonly [access: number, includes: number])[] = [
  [ACCESS.execute, ACCESS.read],
  [ACCESS.write, ACCESS.read],
  [ACCESS.read, ACCESS.list],
  [ACCESS.list, ACCESS.stat],
]

/** The bits of ACCESS with all that they include. */
export const withIncluded = (access: number): number =>
  INCLUDES.reduce((bits, [one, included]) => ((bits & one) !== 0 ? bits | included : bits), access)

interface Grant {
  readonly rule: PathRule
  readonly access: number
}

interface Glob extends Grant {
  readonly pattern: PathPattern
}

class Node {
  readonly children = new Map<string, Node>()
  readonly exact: Grant[] = []
  readonly tree: Grant[] = []
  readonly level: Grant[] = []
  readonly globs: Glob[] = []
}

const componentsOf = (path: string): string[] => path.split('/').filter(part => part !== '')
const isPattern = (part: string): boolean => /[*?]/.test(part)

/**
 * A rule that grants a right, or `ancestor`: attributes of a directory above something granted.
 */
export type Granted = PathRule | 'ancestor'

export interface Judge {
  /**
   * The rule that grants all bits of `access` for the file with that name, a path without links;
   * undefined if none does.
   */
  match(name: string, access: number): Granted | undefined
}

/**
 * Compiles rules. `realPath` gives the path without links of what a path leads to, as far as it
 * exists: a link counts as the file that it leads to.
 */
export function compileRules(rules: readonly PathRule[], realPath: (path: string) => string): Judge {
  const root = new Node()
  for (const rule of rules) add(root, rule, realPath)
  return { match: (name, access) => match(root, componentsOf(name), access) }
}

/** The components of a rule's path, and the index of the first one with a wildcard, or -1. */
function partsOf({ path, kind }: PathRule): { readonly given: string[]; readonly first: number } {
  const given = componentsOf(path)
  return { given, first: kind === 'glob' ? given.findIndex(isPattern) : -1 }
}

const fixedPath = (given: readonly string[], first: number): string =>
  `/${(first < 0 ? given : given.slice(0, first)).join('/')}`

/** The path of a rule, up to the first wildcard. */
export function writtenPath(rule: PathRule): string {
  const { given, first } = partsOf(rule)
  return fixedPath(given, first)
}

function add(root: Node, rule: PathRule, realPath: (path: string) => string): void {
  const { given, first } = partsOf(rule)
  const written = fixedPath(given, first)
  const real = realPath(written)
  const node = nodeAt(root, real)
  const grant = { rule, access: withIncluded(rule.access) }
  // The attributes of a link that the rule names, and of links on the way to it.
  if (real !== written) nodeAt(root, written).exact.push({ rule, access: ACCESS.stat })
  if (rule.kind !== 'glob') node[rule.kind].push(grant)
  else if (first < 0) node.exact.push(grant)
  else node.globs.push({ ...grant, pattern: pathPattern(given.slice(first)) })
}

function nodeAt(root: Node, path: string): Node {
  let node = root
  for (const name of componentsOf(path)) {
    const child = node.children.get(name) ?? new Node()
    node.children.set(name, child)
    node = child
  }
  return node
}

function match(root: Node, names: readonly string[], access: number): Granted | undefined {
  const granting = (grants: readonly Grant[]): PathRule | undefined =>
    grants.find(grant => (grant.access & access) === access)?.rule
  let node: Node | undefined = root
  for (let depth = 0; node; depth++) {
    const left = names.length - depth
    const rest = node.globs.length > 0 ? names.slice(depth) : []
    const rule: PathRule | undefined =
      granting(node.tree) ??
      (left === 1 ? granting(node.level) : undefined) ??
      (left === 0 ? granting(node.exact) : undefined) ??
      granting(node.globs.filter(({ pattern }) => matchesPath(pattern, rest)))
    if (rule) return rule
    if (left === 0) return access === ACCESS.stat ? 'ancestor' : undefined
    node = node.children.get(names[depth] ?? '')
  }
  return undefined
}

const NAMES = Object.keys(ACCESS) as Access[]

/** The rule that would grant it, as a policy has it: `read: /etc/shadow`. */
export const missingRule = (name: string, access: number): string =>
  `${NAMES.find(each => (ACCESS[each] & access) !== 0) ?? 'stat'}: ${name}`
