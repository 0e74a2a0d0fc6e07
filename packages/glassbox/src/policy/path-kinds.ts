/**
 * The kinds of rules about paths. What can only be had with a tracer is refused together with the
 * tier that has none.
 */
import { InvalidOptionError } from '../errors.ts'
import { choice, type Kind, list, text, unexpected } from '../options/kind.ts'
import { record } from '../options/record.ts'
import { PATH_DENIAL } from './action-kinds.ts'
import { parsePattern } from './patterns.ts'
import type { PathRules } from './policy.ts'

const PATTERN: Kind<string> = {
  expected: 'a path pattern',
  schema: () => ({ type: 'string', pattern: String.raw`^(/|\{work\}(/|$)|\{program\}$)` }),
  read: (value, path) => {
    const pattern = text(PATTERN.expected, 'For example "/usr/" or "{work}/*.txt".').read(value, path)
    parsePattern(pattern, path)
    return pattern
  },
}

/** A list in which no pattern stands twice: one of the two is a mistake of its author. */
function distinct(of: Kind<readonly string[]>): Kind<readonly string[]> {
  return {
    ...of,
    read: (value, path) => {
      const read = of.read(value, path)
      const places = new Map(read.map((pattern, index) => [pattern, index]))
      if (places.size === read.length) return read
      const twice = read.findIndex((pattern, index) => places.get(pattern) !== index)
      const pattern = read[twice] ?? ''
      const place = `${path}[${places.get(pattern)}]`
      const message = `${place}: the pattern ${JSON.stringify(pattern)} is at ${path}[${twice}] too.`
      throw new InvalidOptionError(place, message, 'Remove one of them.')
    },
  }
}

const patterns = distinct(
  list(PATTERN, 'a list of path patterns', value =>
    typeof value === 'string' ? `Put it into a list: [${JSON.stringify(value)}].` : 'For example ["/usr/"].',
  ),
)

/** Landlock grants the listing of a directory only together with those below it. */
const TREE: Kind<string> = {
  ...PATTERN,
  schema: () => ({ type: 'string', pattern: String.raw`^(/|\{work\}/)(.*/)?$` }),
  read: (value, path) => {
    const pattern = PATTERN.read(value, path)
    if (pattern.endsWith('/')) return pattern
    throw new InvalidOptionError(
      path,
      `${path}: ${JSON.stringify(pattern)} names no directory with those below it, and the kernel can grant only that.`,
      `Write "${pattern.replace(/\/?[*?].*$/, '')}/".`,
    )
  },
}

const STAT: Kind<'all' | readonly string[]> = {
  expected: "'all' or a list of path patterns",
  schema: () => ({ anyOf: [{ const: 'all' }, { type: 'array', items: PATTERN.schema?.() }] }),
  read: (value, path) => {
    if (value === 'all') return 'all'
    if (typeof value === 'string') throw unexpected(path, STAT.expected, value)
    return patterns.read(value, path)
  },
}

const table = record<PathRules>({
  fields: {
    read: {
      kind: patterns,
      words: ['readable', 'allowRead', 'readOnly'],
      about: 'May be read; directories may be listed.',
    },
    write: {
      kind: patterns,
      words: ['writable', 'allowWrite'],
      about: 'May be read, changed, created, removed and renamed.',
    },
    execute: {
      kind: patterns,
      words: ['exec', 'executable', 'run'],
      about: 'May be executed, and read.',
    },
    list: {
      kind: distinct(list(TREE, patterns.expected)),
      words: ['readdir', 'directories'],
      about: 'May be listed, with the directories below; their files may not be read.',
    },
    stat: {
      kind: STAT,
      words: ['attributes', 'access'],
      about: 'Whose attributes may be asked for. Default all. A list needs the ptrace runner.',
    },
    tier: {
      kind: choice(['silent', 'named']),
      words: ['mode', 'level'],
      about: 'silent: the kernel denies at native speed. named: a tracer reports each denial.',
    },
    denied: {
      kind: PATH_DENIAL,
      words: ['otherwise', 'action', 'onDenied', 'default'],
      about: 'What happens to a denied call. Default: it fails with EACCES.',
    },
  },
  lacks: 'The rules about paths have no key',
  expected: 'rules about paths, { read, write, execute }',
})

/** Keys that only a tracer can do. */
const OF_TRACER = ['stat', 'denied'] as const

export const PATHS: Kind<PathRules> = {
  expected: table.expected,
  ...(table.schema && { schema: table.schema }),
  read: (value, path) => {
    const read = table.read(value, path)
    const key = read.tier === 'silent' ? tracerKey(read) : undefined
    if (key === undefined) return read
    throw new InvalidOptionError(
      `${path}.${key}`,
      `${path}.${key} cannot be had in the tier silent, in which the kernel judges alone.`,
      "Use tier: 'named', or leave it out.",
    )
  },
}

/** The first key that needs a tracer. */
export function tracerKey(paths: PathRules): 'stat' | 'denied' | 'tier' | undefined {
  if (paths.tier === 'named') return 'tier'
  return OF_TRACER.find(key => paths[key] !== undefined && paths[key] !== 'all')
}
