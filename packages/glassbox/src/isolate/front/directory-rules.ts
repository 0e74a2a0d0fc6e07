/**
 * Rules of `--dir`: what each means, and the list of all rules in the order in which they are
 * mounted. A rule for a known directory takes the place of the older one in the order.
 */
import { type DirectoryRule, type FileSystemRule, IsolateError } from '../types.ts'

const OPTIONS = ['rw', 'noexec', 'fs', 'maybe', 'dev', 'tmp', 'norec'] as const
type Option = (typeof OPTIONS)[number]
const FILE_SYSTEMS: readonly FileSystemRule['fileSystem'][] = ['proc', 'sysfs', 'tmpfs', 'devpts']

/** What a box has without any rule of the caller. */
export const DEFAULT_RULES: readonly string[] = [
  ...['box=./box:rw', 'bin', 'dev:dev:norec', 'dev/shm=tmpfs:fs:rw', 'lib', 'lib64:maybe'],
  ...['proc=proc:fs', 'tmp:tmp', 'usr'],
]

interface Place {
  readonly rule: DirectoryRule | undefined
  readonly isDefault: boolean
}

/** Parsed at the first command line. */
let defaults: readonly ReturnType<typeof parseRule>[] | undefined

/** Collects the rules of a command line. */
export class DirectoryRules {
  /** A Map keeps the position of a key whose value is replaced. */
  readonly #places = new Map<string, Place>()

  constructor() {
    defaults ??= DEFAULT_RULES.map(parseRule)
    for (const { inside, rule } of defaults) this.#places.set(inside, { rule, isDefault: true })
  }

  /** Throws IsolateError (usage) for a rule that is none. */
  add(text: string): void {
    const { inside, rule } = parseRule(text)
    this.#places.set(inside, { rule, isDefault: false })
  }

  /** The active rules. A default that the caller replaced is no longer a default. */
  active(withDefaults: boolean): DirectoryRule[] {
    return [...this.#places.values()].flatMap(({ rule, isDefault }) =>
      rule === undefined || (isDefault && !withDefaults) ? [] : [rule],
    )
  }
}

/** `rule: undefined` removes the rule for that directory. */
export function parseRule(text: string): { inside: string; rule: DirectoryRule | undefined } {
  const fail = (reason: string): never => {
    throw new IsolateError('usage', `Invalid directory rule '${text}': ${reason}`)
  }
  const [source = '', ...words] = text.split(':')
  const equals = source.indexOf('=')
  const typed = equals < 0 ? source : source.slice(0, equals)
  const given = equals < 0 ? undefined : source.slice(equals + 1)
  const inside = typed.replace(/^\/+/, '')
  const parts = inside.split('/')
  if (parts.every(part => part === '' || part === '.')) fail('the directory inside the box is missing')
  if (parts.includes('..')) fail('the directory inside the box must not contain ..')

  const unknown = words.find(word => !(OPTIONS as readonly string[]).includes(word))
  if (unknown !== undefined) fail(`unknown option '${unknown}'; known are ${OPTIONS.join(', ')}`)
  const has = (option: Option): boolean => words.includes(option)
  if (given === '' && words.length === 0) return { inside, rule: undefined }

  const common = {
    inside,
    writable: has('rw') || has('tmp'),
    noexec: has('noexec'),
    devices: has('dev'),
    maybe: has('maybe'),
  }
  if (has('tmp')) {
    if (has('fs')) fail('fs and tmp exclude each other')
    if (given !== undefined) fail('a temporary directory (tmp) has no source')
    return { inside, rule: { ...common, kind: 'tmp', store: typed.replaceAll('/', ':') } }
  }
  if (given === '') fail('a rule that removes a directory has no options')
  if (has('fs')) {
    if (has('maybe')) fail('a file system (fs) has no directory for maybe to look at')
    const fileSystem = FILE_SYSTEMS.find(name => name === given)
    if (fileSystem === undefined) return fail(`the file system must be one of ${FILE_SYSTEMS.join(', ')}`)
    return { inside, rule: { ...common, kind: 'fs', fileSystem } }
  }
  const outside = given ?? `/${inside}`
  if (!outside.startsWith('/') && !outside.startsWith('./'))
    fail('the source must be an absolute path, or begin with ./')
  return { inside, rule: { ...common, kind: 'bind', outside, recursive: !has('norec') } }
}
