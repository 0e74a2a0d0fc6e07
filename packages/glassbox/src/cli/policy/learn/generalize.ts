/** From what was seen of a program to the smallest policy that lets it do the same again. Pure. */
import { dirname } from 'node:path'
import { PR_CAPBSET_READ } from '../../../linux/constants.ts'
import type { PathRules, Policy, Rule } from '../../../policy/policy.ts'
import { NO_LOCAL_SERVICES } from '../../../policy/presets/ordinary.ts'
import { because, is } from '../../../seccomp/conditions.ts'
import type { FileUse, UsedFile, Watched } from './record.ts'

export interface Generalization {
  /** The working directory, which `{work}` stands for. */
  readonly work: string
  /**
   * Whether the command line names the working directory by its absolute path. Then the program
   * looks for its files there again, wherever it works.
   */
  readonly isNamed?: boolean
  /** A directory is granted if so many of its files were used; Infinity for never. */
  readonly files: number
}

/**
 * Calls that a program may make or not, depending on time, on addresses, on what its streams are
 * and on whether root runs it, who is not root in a sandbox. They reach nothing by themselves.
 */
const BY_CHANCE: readonly string[] = [
  ...['execve', 'exit', 'exit_group', 'restart_syscall', 'rt_sigreturn', 'futex', 'sched_yield'],
  ...['brk', 'mmap', 'munmap', 'mremap', 'mprotect', 'madvise', 'read', 'write', 'close', 'lseek'],
  ...['fstat', 'ioctl', 'poll', 'getpid', 'gettid', 'tgkill', 'rt_sigprocmask', 'getrandom'],
  ...['getuid', 'geteuid', 'getgid', 'getegid', 'getresuid', 'getresgid', 'getgroups'],
  // Without capabilities they only give up ids, which root does not do in the same program.
  ...['setuid', 'setgid', 'setresuid', 'setresgid'],
  ...['clock_gettime', 'gettimeofday', 'time'],
]

/** What makes a process: which one a runtime takes depends on whether root runs it. */
const BIRTHS: readonly string[] = ['fork', 'vfork', 'clone', 'clone3']

/** Says which services know the names of users: nsswitch.conf(5). */
const NAME_SERVICES = '/etc/nsswitch.conf'

/**
 * A program that asks for the name of its user may find it in /etc/passwd while it is watched. In
 * a sandbox the user has no name, so libc asks the next service. What the libraries of services
 * ask of the kernel is harmless, and their servers are not reached.
 */
const NAMELESS_USER: readonly Rule[] = [
  ...because('libraries that look for the name of its user ask for it', [
    { syscalls: ['prctl'], when: [is(0, PR_CAPBSET_READ)], action: { kind: 'allow' } },
    { syscalls: ['rt_sigprocmask', 'readlinkat', 'getdents64'], action: { kind: 'allow' } },
  ]),
  ...NO_LOCAL_SERVICES,
]

/** Directories that are never granted as a whole: they have files of many owners. */
const SHARED: readonly string[] = [
  '/',
  '/etc',
  '/dev',
  '/proc',
  '/proc/self',
  '/home',
  '/root',
  '/tmp',
  '/var',
  '/run',
  '/srv',
  '/mnt',
  '/usr',
]

type Key = 'read' | 'write' | 'execute' | 'list'
const KEYS: readonly Key[] = ['write', 'execute', 'read', 'list']

/** The keys that grant what a key grants. */
const STRONGER: Readonly<Record<Key, readonly Key[]>> = {
  ...{ write: ['write'], execute: ['execute'] },
  ...{ read: ['write', 'execute', 'read'], list: ['write', 'execute', 'read', 'list'] },
}

/** Where programs make their temporary files, if no variable says otherwise. */
const TEMPORARY = '/tmp/'
/** The group of a program has another name in every run. */
const GROUPS = '/sys/fs/cgroup/'

/** A file that no pattern can name exactly: wildcards and what looks like them. */
const isAwkward = (path: string): boolean => /[*?]|\{[^}]*,|\/\.{1,2}(?:\/|$)/.test(path)

class Grants {
  readonly #patterns: Record<Key, Set<string>> = {
    ...{ read: new Set<string>(), write: new Set<string>() },
    ...{ execute: new Set<string>(), list: new Set<string>() },
  }
  readonly #files: number

  constructor(files: number) {
    this.#files = files
  }

  add(key: Key, pattern: string): void {
    this.#patterns[key].add(pattern)
  }

  /** Replaces many files of a directory by the directory. */
  generalize(): void {
    for (const key of ['read', 'execute'] as const) {
      const patterns = this.#patterns[key]
      for (const [directory, files] of byDirectory(patterns)) {
        if (files.length < this.#files || SHARED.includes(directory)) continue
        for (const file of files) patterns.delete(file)
        patterns.add(`${directory}/`)
      }
    }
  }

  /** The outermost directory in which everything may be written, of those above this file. */
  writtenAbove(file: string): string | undefined {
    const trees = [...this.#patterns.write].filter(tree => tree.endsWith('/') && file.startsWith(tree))
    return trees.toSorted((a, b) => a.length - b.length)[0]
  }

  /** Without patterns that others cover. */
  lists(): PathRules {
    const lists = KEYS.map(key => {
      const covered = (pattern: string): boolean =>
        STRONGER[key].some(other => this.#covers(other, key, pattern))
      return [key, [...this.#patterns[key]].filter(pattern => !covered(pattern)).toSorted()] as const
    })
    return Object.fromEntries(lists.filter(([, patterns]) => patterns.length > 0))
  }

  /** Whether a pattern of `other` grants what this pattern of `key` grants. */
  #covers(other: Key, key: Key, pattern: string): boolean {
    if (other !== key && this.#patterns[other].has(pattern)) return true
    const trees = [...this.#patterns[other]].filter(tree => tree.endsWith('/') && tree !== pattern)
    return trees.some(tree => pattern.startsWith(tree))
  }
}

function byDirectory(patterns: Iterable<string>): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const pattern of patterns) {
    if (pattern.endsWith('/') || pattern.startsWith('{program}')) continue
    const directory = dirname(pattern)
    groups.set(directory, [...(groups.get(directory) ?? []), pattern])
  }
  return groups
}

const WAYS: Readonly<Record<Exclude<FileUse, 'create'>, Key>> = {
  ...{ read: 'read', write: 'write', execute: 'execute', list: 'list' },
}

function pathsOf({ program, files }: Watched, { work, isNamed, files: most }: Generalization): PathRules {
  const grants = new Grants(most)
  // The root is never the working directory of a box.
  const placed = (path: string): string =>
    work !== '/' && (path === work || path.startsWith(`${work}/`)) ? `{work}${path.slice(work.length)}` : path
  const directory = (path: string): string => `${placed(dirname(path)).replace(/\/$/, '')}/`
  const add = ({ path, use }: UsedFile): void => {
    if (use === 'execute' && path === program) grants.add('execute', '{program}')
    else if (path.startsWith(GROUPS) && use !== 'create') grants.add(WAYS[use], GROUPS)
    else if (use === 'create') grants.add('write', directory(path))
    else if (use === 'list') grants.add('list', `${placed(path).replace(/\/$/, '')}/`)
    else if (isAwkward(path)) grants.add(WAYS[use], directory(path))
    else grants.add(WAYS[use], placed(path))
  }
  for (const file of files) {
    add(file)
    if (isNamed && placed(file.path) !== file.path && (file.use === 'read' || file.use === 'execute'))
      grants.add(WAYS[file.use], isAwkward(file.path) ? `${dirname(file.path)}/` : file.path)
  }
  grants.add('execute', '{program}')
  addMade(grants, files, placed)
  grants.generalize()
  return grants.lists()
}

/**
 * What a program makes is not there when the next one starts, and may have another name then. So a
 * file that it made and executed needs a directory. And with the ptrace runner, temporary files
 * are made in the working directory.
 */
function addMade(grants: Grants, files: readonly UsedFile[], placed: (path: string) => string): void {
  const made = new Set(files.flatMap(({ path, use }) => (use === 'create' ? [placed(path)] : [])))
  const executed = files.flatMap(({ path, use }) => (use === 'execute' ? [placed(path)] : []))
  for (const path of executed.filter(each => made.has(each))) {
    const tree = grants.writtenAbove(path)
    if (tree === undefined) continue
    grants.add('execute', tree)
    if (tree.startsWith(TEMPORARY)) grants.add('execute', '{work}/')
  }
  if ([...made].some(path => path.startsWith(TEMPORARY))) grants.add('write', '{work}/')
}

/** The policy of a program. `name` is for messages. */
export function learnedPolicy(watched: Watched, name: string, how: Generalization): Policy {
  const seen = watched.syscalls
  const births = BIRTHS.some(call => seen.includes(call)) ? BIRTHS : []
  const chance = [...BY_CHANCE, ...births].filter(call => !seen.includes(call))
  const allowed = [...seen, ...chance]
  const forNames = watched.files.some(({ path }) => path === NAME_SERVICES) ? NAMELESS_USER : []
  return {
    name,
    rules: [
      { syscalls: seen, action: { kind: 'allow' }, why: `${name} made them while it was watched` },
      {
        syscalls: chance,
        action: { kind: 'allow' },
        why: 'it depends on time and streams whether it makes them',
      },
      ...forNames.map(rule => ({
        ...rule,
        syscalls: rule.syscalls.filter(call => !allowed.includes(call)),
      })),
    ].filter(({ syscalls }) => syscalls.length > 0) as NonNullable<Policy['rules']>,
    otherwise: { kind: 'kill' },
    paths: pathsOf(watched, how),
  }
}
