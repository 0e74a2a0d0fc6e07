/**
 * A tracer for tests: starts a program under a filter and asks a function at each stop of the
 * filter. It blocks this thread until every process of the program has ended, and owns them.
 */
import { openSync, closeSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { LANE_TABLES_LAYOUT } from '#glassbox/gate/generated/layouts.js'
import { installWake, ptrace, traceStep } from '#glassbox/gate/ptrace.js'
import { syscall } from '#glassbox/gate/gate.js'
import { PTRACE_CONT, PTRACE_GETREGS, PTRACE_LISTEN, PTRACE_SETREGS } from '#glassbox/linux/constants.js'
import { SYSCALL_INFO } from '#glassbox/linux/ptrace.js'
import { USER_REGS, USER_REGS_WORDS } from '#glassbox/linux/user-regs.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { Launch } from '#glassbox/ptrace/launch.js'
import { launchPlan } from '#glassbox/ptrace/launch-plan.js'
import { Records } from '#glassbox/ptrace/record.js'
import { Restarts } from '#glassbox/ptrace/restarts.js'
import { seize } from '#glassbox/ptrace/start/seize.js'
import { stopKind, stopSignal } from '#glassbox/ptrace/stop.js'
import { TraceeMemory } from '#glassbox/ptrace/tracee/tracee-memory.js'
import type { PathDecision, StoppedCall } from '#glassbox/supervisor/decision.js'
import { temporaryDirectory } from '../../support/temporary.js'

/** `data`: the index of the action, SECCOMP_RET_DATA. */
export type Decide = (call: StoppedCall, data: number) => PathDecision | { readonly kind: 'kill' }

export interface Guest {
  readonly program: string
  readonly args?: readonly string[]
  readonly filter: Uint8Array
  readonly cwd?: string
  readonly user?: { readonly uid: number; readonly gid: number }
}

export interface GuestEnd {
  readonly output: string
  /** The wait status of the first process. */
  readonly status: number
}

const KILL = syscallNumber('kill')
const DENIED = 13

export function superviseGuest(context: TestContext, guest: Guest, decide: Decide): GuestEnd {
  const path = join(temporaryDirectory(context), 'output')
  const output = openSync(path, 'a')
  const { program, args = [], filter, cwd, user } = guest
  const spec = {
    path: program,
    argv: [program, ...args],
    env: { PATH: '/usr/bin:/bin' },
    filter: { program: filter, privileged: false },
    ...(cwd === undefined ? {} : { cwd }),
    ...(user ? { user: { ...user, groups: [] } } : {}),
  }
  let launch: Launch | undefined
  try {
    launch = new Launch(program, launchPlan(spec), { stdio: [0, output, 2] })
    const errno = seize(launch.pid, { follow: true, killOnExit: true, filtered: true })
    if (errno !== 0) throw new Error(`seize: ${errno}`)
    launch.go()
    const status = new Loop(launch.pid, decide).run()
    if (status === undefined) throw launch.failure()
    return { output: readFileSync(path, 'utf8'), status }
  } finally {
    launch?.close()
    closeSync(output)
  }
}

class Loop {
  readonly #records = new Records(64)
  /** Every call stops. */
  readonly #lanes = {
    tables: new Uint8Array(LANE_TABLES_LAYOUT.SIZE),
    captures: new Uint8Array(0),
    text: new Uint8Array(0),
  }
  readonly #restarts = new Restarts()
  readonly #memory = new TraceeMemory()
  readonly #registers = new BigUint64Array(USER_REGS_WORDS)
  readonly #wake = new Int32Array(1)
  readonly #root: number
  readonly #decide: Decide
  readonly #processOf = new Map<number, number>()
  readonly #members = new Set<number>()
  #ready = false
  #started = false
  #status: number | undefined

  constructor(root: number, decide: Decide) {
    this.#root = root
    this.#decide = decide
    this.#processOf.set(root, root)
    this.#members.add(root)
    installWake()
  }

  run(): number | undefined {
    for (;;) {
      const step = {
        restarts: this.#restarts.words,
        records: this.#records.bytes,
        wake: this.#wake,
      }
      const count = traceStep(step, this.#lanes, this.#restarts.take(), this.#records.capacity)
      if (count === -4) continue
      if (count < 0) return this.#started ? this.#status : undefined
      for (let index = 0; index < count; index++) this.#stop(index)
    }
  }

  #stop(index: number): void {
    const tid = this.#records.tid(index)
    const status = this.#records.status(index)
    const kind = stopKind(status)
    this.#members.add(tid)
    if (kind === 'exited' || kind === 'killed') {
      this.#members.delete(tid)
      if (tid === this.#root) this.#status = status
      return
    }
    // The launcher signals itself when its next execve is that of the program.
    if (kind === 'signal') this.#ready = true
    if (kind === 'exec' && this.#ready) this.#started = true
    if (kind === 'seccomp' && this.#started && !this.#obey(tid, index)) return
    if (kind === 'group-stop') this.#restarts.add(tid, PTRACE_LISTEN, 0)
    else this.#restarts.add(tid, PTRACE_CONT, kind === 'signal' ? stopSignal(status) : 0)
  }

  /** Returns false if the thread is not to be restarted. */
  #obey(tid: number, index: number): boolean {
    const records = this.#records
    if (records.op(index) !== SYSCALL_INFO.seccomp) return true
    this.#memory.at(tid)
    const call: StoppedCall = {
      tid,
      pid: this.#pidOf(tid),
      nr: records.number(index),
      args: records.args(index),
      read: (address, length) => this.#memory.read(address, length),
      write: (address, bytes) => (this.#memory.writeWhereAllowed(address, bytes) === bytes.length ? 0 : 14),
      isMember: id => this.#members.has(id),
    }
    const decision = this.#decide(call, records.message(index))
    if (decision.kind === 'allow') return true
    if (decision.kind === 'kill') syscall(KILL, call.pid, 9)
    else this.#skip(tid, decision.kind === 'deny' ? -DENIED : decision.result)
    return true
  }

  #skip(tid: number, result: number): void {
    if (ptrace(PTRACE_GETREGS, tid, 0, this.#registers) < 0) return
    this.#registers[USER_REGS.orig_rax] = 0xffffffffffffffffn
    this.#registers[USER_REGS.rax] = BigInt.asUintN(64, BigInt(result))
    ptrace(PTRACE_SETREGS, tid, 0, this.#registers)
  }

  #pidOf(tid: number): number {
    const known = this.#processOf.get(tid)
    if (known !== undefined) return known
    const status = readFileSync(`/proc/${tid}/status`, 'utf8')
    const pid = Number(/^Tgid:\s*(\d+)/m.exec(status)?.[1])
    this.#processOf.set(tid, pid)
    return pid
  }
}
