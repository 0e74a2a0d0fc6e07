/**
 * The module of handlers that watches a program, to learn its policy. It notes the calls, and the
 * files that they used. Calls that every supervised program is refused are refused here too, so
 * that the program shows what it does instead.
 */
import {
  __O_TMPFILE,
  AUDIT_ARCH_X86_64,
  O_ACCMODE,
  O_CREAT,
  O_PATH,
  O_RDONLY,
  O_TRUNC,
} from '../../../linux/constants.ts'
import { syscallByNumber } from '../../../linux/syscalls.ts'
import { SUPERVISED_GUARD } from '../../../policy/supervised-guard.ts'
import type { CallPolicy } from '../../../seccomp/policy.ts'
import { evaluatePolicy } from '../../../seccomp/simulate.ts'
import { openFlagsOf, type PathCall, pathCalls } from '../../../supervisor/paths/path-calls.ts'
import type { EnteredCall, HandlersModule, LeftCall, TraceHandlers } from '../../../trace/handlers.ts'
import type { TraceeAtEntry, TraceeAtExit } from '../../../trace/tracee.ts'
import { exists, fileOfDescriptor, isDirectory, namedFile, programFiles } from './files.ts'
import type { FileUse, UsedFile, Watched } from './record.ts'

const GUARDED: CallPolicy = { rules: SUPERVISED_GUARD, otherwise: { kind: 'allow' } }

/** What is known of a call at its entry. The program may change its memory before the exit. */
interface Entered {
  readonly call: PathCall
  readonly args: readonly bigint[]
  /** The files that the call names, as far as they exist. */
  readonly files: readonly (string | undefined)[]
  /** Whether the first of them existed. */
  readonly existed: boolean
}

class Watcher implements TraceHandlers {
  readonly #calls = new Set<number>()
  readonly #files = new Map<string, UsedFile>()
  readonly #entered = new Map<number, Entered>()
  #program = ''
  #foreign = false

  enter(call: EnteredCall, tracee: TraceeAtEntry): void {
    if (call.abi !== 'x86_64') {
      this.#foreign = true
      return
    }
    this.#calls.add(call.nr)
    const { args } = call
    const action = evaluatePolicy(GUARDED, { nr: call.nr, arch: AUDIT_ARCH_X86_64, args })
    if (action.kind === 'errno') {
      tracee.skip(action.errno === 0 ? { value: 0n } : { errno: action.errno })
      return
    }
    const named = pathCalls().get(call.nr)
    if (!named) return
    const files = named.paths.map(argument => namedFile(named, argument, args, tracee))
    this.#entered.set(call.tid, { call: named, args, files, existed: exists(files[0]) })
    // After a successful execve the memory with the path is gone, and so is the thread's id.
    if (named.use === 'execute') this.#executed(files[0])
  }

  exit(call: LeftCall, tracee: TraceeAtExit): void {
    const entered = this.#entered.get(call.tid)
    this.#entered.delete(call.tid)
    if (!entered || call.failed || entered.call.nr !== call.nr) return
    const { use } = entered.call
    if (use === 'open') this.#opened(entered, Number(call.value), tracee)
    else if (use === 'write') this.#written(entered)
    else if (use === 'read') this.#note(entered.files[0], 'read')
  }

  end(): Watched {
    const names = [...this.#calls].flatMap(nr => syscallByNumber(nr)?.name ?? [])
    return {
      program: this.#program,
      syscalls: names.toSorted(),
      files: [...this.#files.values()],
      foreign: this.#foreign,
    }
  }

  #executed(path: string | undefined): void {
    if (!exists(path)) return
    const [program = path, ...others] = programFiles(path)
    if (this.#program === '') this.#program = program
    for (const file of [program, ...others]) this.#note(file, 'execute')
  }

  #opened({ call, args, files, existed }: Entered, fd: number, tracee: TraceeAtExit): void {
    const flags = openFlagsOf(call, args)
    if ((flags & O_PATH) !== 0) return
    if ((flags & __O_TMPFILE) !== 0) {
      this.#note(`${files[0] ?? ''}/.`, 'create')
      return
    }
    const path = fileOfDescriptor(tracee, fd)
    if (path === undefined) return
    if ((flags & O_CREAT) !== 0 && !existed) this.#note(path, 'create')
    else if ((flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0) this.#note(path, 'write')
    else this.#note(path, isDirectory(path) ? 'list' : 'read')
  }

  /** Names are made, removed or exchanged, or attributes changed. */
  #written({ call, files, existed }: Entered): void {
    const names = call.nofollow === true || call.makes === true
    for (const path of files) this.#note(path, names || !existed ? 'create' : 'write')
  }

  #note(path: string | undefined, use: FileUse): void {
    if (path !== undefined) this.#files.set(`${use} ${path}`, { path, use })
  }
}

const module: HandlersModule = () => {
  const watcher = new Watcher()
  return {
    enter: (call, tracee) => watcher.enter(call, tracee),
    exit: (call, tracee) => watcher.exit(call, tracee),
    end: () => watcher.end(),
  }
}

export default module
