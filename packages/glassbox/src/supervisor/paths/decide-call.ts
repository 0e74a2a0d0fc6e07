/**
 * Decides calls that name files, by the rules of a policy: which file the call means (resolve.ts),
 * whether a rule grants it (judge.ts), and who makes the call (call-classes.ts). The thread that
 * made the call is stopped until then; other threads of the program run and may change its memory,
 * its files and its descriptors.
 */
import { O_ACCMODE, O_CREAT, O_EXCL, O_PATH, O_RDONLY, O_TMPFILE, O_TRUNC } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { pathOfBytes } from '../../linux/path-bytes.ts'
import { ACCESS } from '../../policy/resolved.ts'
import type { PathDecision, StoppedCall } from '../decision.ts'
import { type AsProgram, asProgram, type Identity, lookingAs } from './as-program.ts'
import { closeFound, type Found, found } from './found.ts'
import { type Judge, missingRule } from './judge.ts'
import { type Named, readNamed } from './named.ts'
import { interpreterOf } from './interpreter.ts'
import { closeObject, isUnlinked, pathBytes, typeOf } from './object.ts'
import { follows, openFlagsOf, type PathCall, pathCalls } from './path-calls.ts'
import { prepare } from './perform/perform.ts'
import type { Made, Make } from './perform/performer.ts'
import { ownName } from './real-path.ts'
import { resolve, resolveQuickly } from './resolve.ts'
import type { Viewer } from './walk.ts'

/** Why a call is denied, if that is not for the lack of a rule. */
export const NO_RULE = {
  unsafe: 'no way to make this call is safe under rules about paths',
  socket: 'a UNIX socket could reach servers of the host by their names',
  unseen: 'the program cannot be looked at',
  stranger: 'it belongs to a process outside the program',
  long: 'its path is too long to be judged',
} as const

export interface DecideOptions {
  /** By the rules of the policy. */
  readonly judge: Judge
  /** Whether the attributes of every file may be asked for. */
  readonly statAll: boolean
  /** The ids of the program; undefined if they are those of this process. */
  readonly identity?: Identity
  /** It also has the capabilities of this process. Default: it has none. */
  readonly isEqual?: boolean
}

type Denied = Extract<PathDecision, { readonly kind: 'deny' }>
/** The kernel follows four scripts, and then one loader. */
const MOST_INTERPRETERS = 6
const ALLOW: PathDecision = { kind: 'allow' }
export const deny = (path: string, rule: string): Denied => ({ kind: 'deny', path, rule })

/** What the flags of an open mean: bits of ACCESS. */
function openAccess(flags: number): number {
  if ((flags & O_PATH) !== 0) return ACCESS.stat
  const changes = (flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0
  return changes || (flags & O_TMPFILE) === O_TMPFILE ? ACCESS.write : ACCESS.read
}

/**
 * Decides the calls of one program. For the calling thread only.
 *
 * @example
 * const decider = new PathDecider({ judge: compileRules(rules, realPath), statAll: true })
 * decider.decide(call) // { kind: 'deny', path: '/etc/shadow', rule: 'read: /etc/shadow' }
 */
export class PathDecider {
  readonly #judge: Judge
  readonly #options: DecideOptions
  readonly #asProgram: AsProgram
  /** Looks at the program's entries in /proc. */
  readonly look: AsProgram
  /** The first process of the program. */
  #first: number | undefined

  constructor(options: DecideOptions) {
    this.#options = options
    this.#judge = options.judge
    this.#asProgram = asProgram(options.identity, options.isEqual)
    this.look = lookingAs(options.identity)
  }

  decide(call: StoppedCall): PathDecision {
    const pathCall = pathCalls().get(call.nr)
    if (!pathCall) return deny('', NO_RULE.unsafe)
    const named: Named[] = []
    try {
      for (const argument of pathCall.paths) named.push(this.look(() => readNamed(call, pathCall, argument)))
      if (pathCall.maker === 'nobody' || this.#isUnjudged(call, pathCall))
        return deny(textOf(named[0]), named.length > 0 ? NO_RULE.unsafe : NO_RULE.socket)
      return this.#decide(call, pathCall, named)
    } finally {
      for (const { base } of named) closeObject(base)
    }
  }

  /**
   * With a descriptor of a file (O_PATH) a program learns its attributes. Landlock does not judge
   * such an open, so another file could be opened than the one that was judged.
   */
  #isUnjudged(call: StoppedCall, pathCall: PathCall): boolean {
    return !this.#options.statAll && (openFlagsOf(pathCall, call.args) & O_PATH) !== 0
  }

  /**
   * A process has executed a program. The first one that does is the first of the program. Many
   * calls are not decided here, so the first call that is may be a child's.
   */
  executed(pid: number): void {
    this.#first ??= pid
  }

  /** Judges the file of a program that was executed. Undefined: the rules do not deny it. */
  judgeProgram(fd: number, name: string): Denied | undefined {
    const path = nameInRules(found(fd, name))
    if (path === undefined || this.#judge.match(path, ACCESS.execute)) return undefined
    return deny(path, missingRule(path, ACCESS.execute))
  }

  #decide(call: StoppedCall, pathCall: PathCall, named: readonly Named[]): PathDecision {
    const make = pathCall.maker === 'tracer' ? prepare(pathCall.name, call) : undefined
    try {
      return this.#make(call, pathCall, named, make)
    } finally {
      if (typeof make === 'object') make.close?.()
    }
  }

  #make(
    call: StoppedCall,
    pathCall: PathCall,
    named: readonly Named[],
    make: Make | number | undefined,
  ): PathDecision {
    const follow = follows(pathCall, call.args)
    if (this.#isAllowed(call, pathCall, named, follow)) return ALLOW
    const viewer: Viewer = { pid: call.pid, tid: call.tid, isMember: id => call.isMember(id) }
    const outcome = this.#asProgram((): Denied | Made | undefined => {
      const all: Found[] = []
      try {
        for (const each of named) all.push(resolve(each, follow, viewer))
        for (const [index, one] of all.entries()) {
          const denied = this.#judgeFound(call, pathCall, one, index === named.length - 1)
          if (denied) return { ...denied, path: denied.path || textOf(named[index]) }
        }
        const [target] = all
        if (pathCall.use === 'execute' && target) return this.#judgeInterpreters(target, viewer)
        if (make === undefined || !target) return undefined
        if (target.kind !== 'object') return { result: -target.errno }
        return typeof make === 'number' ? { result: -make } : make.on(target)
      } finally {
        closeFound(all)
      }
    })
    if (outcome === undefined) return ALLOW
    return 'kind' in outcome ? outcome : finish(call, outcome)
  }

  /**
   * Whether a call is allowed that the program makes itself. It is looked at with the power of the
   * tracer, which costs less than to take that of the program: the kernel judges the call again
   * with the latter. A call that would be denied is looked at anew, because the program must not
   * learn of files that it cannot reach.
   */
  #isAllowed(call: StoppedCall, pathCall: PathCall, named: readonly Named[], follow: boolean): boolean {
    if (pathCall.maker !== 'kernel' || pathCall.use === 'execute') return false
    const all: Found[] = []
    try {
      return named.every((each, index) => {
        const one = resolveQuickly(each, follow)
        if (!one) return false
        all.push(one)
        return this.#judgeFound(call, pathCall, one, index === named.length - 1) === undefined
      })
    } finally {
      closeFound(all)
    }
  }

  /**
   * Judges the interpreter of a script, and the loader of a program. A path that is not absolute
   * is left to Landlock. Undefined: the rules do not deny them.
   */
  #judgeInterpreters(program: Found, viewer: Viewer): Denied | undefined {
    const all: Found[] = []
    try {
      for (let { fd } = program; fd >= 0 && all.length < MOST_INTERPRETERS; ) {
        const path = interpreterOf(fd)
        if (!path?.startsWith('/')) return undefined
        const next = resolve({ base: -1, path: pathBytes(path) }, true, viewer)
        all.push(next)
        if (next.kind !== 'object') return undefined
        const denied = this.judgeProgram(next.fd, next.name)
        if (denied) return denied
        fd = next.fd
      }
      return undefined
    } finally {
      closeFound(all)
    }
  }

  /** Judges a file that the call names; the last or another. Undefined: it is not denied. */
  #judgeFound(call: StoppedCall, pathCall: PathCall, one: Found, isLast: boolean): Denied | undefined {
    const { kind, name } = one
    if (kind === 'stranger' || kind === 'unseen') return deny(name, NO_RULE[kind])
    const access = this.#accessOf(call, pathCall, one, isLast)
    if (access === 0) return undefined
    // A path that is longer than the kernel tells. Landlock judges what the kernel makes.
    if (name === '')
      return kind === 'object' && pathCall.maker !== 'kernel' ? deny('', NO_RULE.long) : undefined
    const path = kind === 'object' ? nameInRules(one) : name
    if (path === undefined || this.#isGranted(path, access, call.pid)) return undefined
    const isListed = access === ACCESS.read && kind === 'object' && typeOf(one.fd) === 'directory'
    const needed = isListed ? ACCESS.list : access
    if (isListed && this.#isGranted(path, needed, call.pid)) return undefined
    return deny(path, missingRule(this.#inRules(path, call.pid), needed))
  }

  #isGranted(path: string, access: number, pid: number): boolean {
    return (
      this.#judge.match(this.#inRules(path, pid), access) !== undefined ||
      this.#judge.match(path, access) !== undefined
    )
  }

  /**
   * The name by which a rule grants it. Landlock can grant `/proc/self` only to the first process
   * of a program, so here too it means that process.
   */
  #inRules(path: string, pid: number): string {
    this.#first ??= pid
    return (pid === this.#first ? ownName(path, pid) : undefined) ?? path
  }

  /** The right that the call needs for what was found; 0 if it needs none. */
  #accessOf(call: StoppedCall, pathCall: PathCall, { kind, byDescriptor }: Found, isLast: boolean): number {
    const { statAll } = this.#options
    const flags = pathCall.use === 'open' ? openFlagsOf(pathCall, call.args) : 0
    const access = pathCall.use === 'open' ? openAccess(flags) : ACCESS[pathCall.use]
    const makes = pathCall.makes === true || (flags & O_CREAT) !== 0
    if (kind === 'missing' && makes) return ACCESS.write
    // That a file does not exist is an attribute of it. Otherwise the call fails by itself.
    if (kind !== 'object') return statAll ? 0 : ACCESS.stat
    // The call fails with EEXIST, which says only that the file is there. `mkdir -p` relies on it.
    // If the file goes away meanwhile, Landlock judges what the call makes.
    const onlyNew = pathCall.onlyNew === true || (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)
    if (onlyNew && isLast) return statAll ? 0 : ACCESS.stat
    // The program may know all about what it has open.
    return access === ACCESS.stat && (statAll || byDescriptor) ? 0 : access
  }
}

/** The text of a path as the program gave it. */
const textOf = (named: Named | undefined): string =>
  named?.path === undefined ? '' : pathOfBytes(named.path.subarray(0, -1))

const DELETED = ' (deleted)'

/**
 * The name by which rules judge an object; undefined if it has no place in the file system: pipes,
 * sockets, memory files.
 */
function nameInRules({ fd, name }: Found): string | undefined {
  if (!name.startsWith('/')) return undefined
  if (!name.endsWith(DELETED) || !isUnlinked(fd)) return name
  return name.startsWith('/memfd:') ? undefined : name.slice(0, -DELETED.length)
}

/** Writes the result of a call that the tracer made. */
function finish(call: StoppedCall, { result, output, tooLarge }: Made): PathDecision {
  if (output && output.bytes.length > 0 && call.write(output.address, output.bytes) !== 0)
    return { kind: 'done', result: -ERRNO.EFAULT }
  return tooLarge ? { kind: 'done', result, tooLarge } : { kind: 'done', result }
}
