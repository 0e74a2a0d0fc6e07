/**
 * A thread that plays scripts. Its registers say what comes next, as on a CPU: at the address of a
 * handler a script of its own begins, which returns through the restorer and rt_sigreturn; at the
 * address where a script has yielded that script goes on, and two bytes before it makes its call
 * again.
 */
import assert from 'node:assert/strict'
import type { Fault, GuestThread, Space, StopKind } from '#glassbox/kernel/platform/platform.js'
import { ARGUMENTS, REGISTER, Registers } from '#glassbox/kernel/platform/registers.js'
import { BUS_ADRERR, PROT_WRITE, SEGV_ACCERR, SEGV_MAPERR } from '#glassbox/linux/constants.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import type { PageSpace } from '../memory-platform.js'
import { Guest } from './guest.js'
import type { ScriptedPlatform } from './platform.js'
import type { Script, Step, Steps } from './steps.js'

const PAGE = 4096
const WORD = 8
const EXTENDED = 832
const CALL_NS = 1000
const SIGBUS = 7
const SIGSEGV = 11
/** Bits of the CPU's error code: the page is there, a write, from user mode. */
const ERROR = { present: 1, write: 2, user: 4 } as const
const CODE_SEGMENT = 0x33
const STACK_SEGMENT = 0x2b
const FLAGS = 0x202
const EXIT_GROUP = syscallNumber('exit_group')
const EXIT = syscallNumber('exit')
const RT_SIGRETURN = syscallNumber('rt_sigreturn')

/** A script that has begun. */
interface Frame {
  readonly steps: Steps<number | void>
  readonly kind: 'process' | 'thread' | 'handler'
  /** Its last step, and where it stands. */
  step: Step | undefined
  ip: number
  /** How long it still computes. */
  leftNs: number
}

let ids = 0

export class ScriptedThread implements GuestThread {
  /** Different for each thread, also of one space. */
  readonly id: number = ids++
  stop: StopKind = 'interrupted'
  nr = 0
  args: [number, number, number, number, number, number] = [0, 0, 0, 0, 0, 0]
  fault: Fault = { signal: 0, code: 0, address: 0, error: -1 }
  isStopped = true
  cpuNs = 0
  state: Uint8Array = new Uint8Array(EXTENDED)
  readonly platform: ScriptedPlatform
  readonly #registers = new Registers()
  readonly #frames: Frame[] = []
  readonly #guest: Guest
  #space: PageSpace
  #isInterrupted = false

  constructor(platform: ScriptedPlatform, space: PageSpace) {
    this.platform = platform
    this.#space = space
    this.#guest = new Guest(this)
    this.#registers.set(REGISTER.cs, CODE_SEGMENT)
    this.#registers.set(REGISTER.ss, STACK_SEGMENT)
    this.#registers.set(REGISTER.eflags, FLAGS)
    this.#registers.set(REGISTER.orig_rax, -1)
  }

  get space(): PageSpace {
    return this.#space
  }

  get ip(): number {
    return this.#registers.get(REGISTER.rip)
  }

  get sp(): number {
    return this.#registers.get(REGISTER.rsp)
  }

  cpuTimeNs(): number {
    return this.cpuNs
  }

  result(value: number): void {
    this.#registers.set(REGISTER.rax, value)
  }

  setArgument(index: number, value: bigint): void {
    this.#registers.setExact(ARGUMENTS[index] ?? -1, value)
    this.args[index] = Number(value)
  }

  registers(): Registers {
    return this.#registers
  }

  changed(): void {
    this.#registers.set(REGISTER.orig_rax, -1)
  }

  extended(): Uint8Array {
    return this.state.slice()
  }

  setExtended(state: Uint8Array | undefined): boolean {
    this.state = state?.slice() ?? new Uint8Array(EXTENDED)
    return true
  }

  moveTo(space: Space): void {
    this.#space = space as PageSpace
  }

  resume(): void {
    assert.ok(this.isStopped, 'a thread that runs is not resumed')
    this.isStopped = false
    this.platform.add(this)
  }

  interrupt(): void {
    this.#isInterrupted = true
  }

  release(): void {
    this.platform.drop(this)
    this.isStopped = true
    for (const { steps } of this.#frames.splice(0)) steps.return(undefined)
  }

  /** The bytes from an address to the end of its page; undefined if an access would fault. */
  reach(address: number, right: number): Uint8Array | undefined {
    const page = this.#space.pages.get(Math.floor(address / PAGE))
    if (!page || (page.protection & right) !== right) return undefined
    const memory = page.file === 'world' ? this.platform.memory : this.platform.cache
    if (!memory.allocate(page.offset, PAGE)) return undefined
    const { bytes } = memory.chunk(page.offset)
    const start = page.offset % memory.chunkSize
    return bytes.subarray(start + (address % PAGE), start + PAGE)
  }

  /** Runs to the next stop, but computes at most this long. Returns how long it ran. */
  run(mostNs: number): number {
    this.#space.flush()
    if (this.#isInterrupted) return this.#stop('interrupted', 0)
    return this.#take(this.#next(), mostNs)
  }

  #stop(stop: StopKind, ns: number): number {
    this.stop = stop
    this.isStopped = true
    if (stop === 'interrupted') this.#isInterrupted = false
    return ns
  }

  /** The step that the registers lead to. */
  #next(): Step {
    const { code } = this.platform
    const { ip } = this
    const handler = code.handlerAt(ip)
    if (handler) return this.#begin(handler, 'handler')
    const program = code.programAt(ip)
    if (program) {
      this.#frames.length = 0
      return this.#begin(program, 'process')
    }
    const at = this.#frames.findLastIndex(frame => frame.ip === ip || code.again(frame.ip) === ip)
    const frame = this.#frames[at]
    if (!frame) {
      const child = code.childAt(ip)
      assert.ok(child, `a script stands at ${ip.toString(16)}`)
      return this.#begin(child.script, child.is)
    }
    this.#frames.length = at + 1
    if (frame.step && (frame.ip !== ip || frame.leftNs > 0)) return frame.step
    return this.#go(frame, this.#registers.get(REGISTER.rax))
  }

  #begin(script: Script, kind: Frame['kind']): Step {
    const frame: Frame = { steps: script(this.#guest), kind, step: undefined, ip: 0, leftNs: 0 }
    this.#frames.push(frame)
    return this.#go(frame, 0)
  }

  #go(frame: Frame, answer: number): Step {
    const { done, value } = frame.steps.next(answer)
    const step = done ? this.#atEnd(frame, value ?? 0) : value
    frame.step = step
    if (step.kind === 'compute') frame.leftNs = step.ns
    return step
  }

  #atEnd({ kind }: Frame, code: number): Step {
    if (kind !== 'handler') return { kind: 'call', nr: kind === 'process' ? EXIT_GROUP : EXIT, args: [code] }
    // The handler returns to the restorer, which makes the call.
    this.#registers.set(REGISTER.rsp, this.sp + WORD)
    return { kind: 'call', nr: RT_SIGRETURN, args: [] }
  }

  #take(step: Step, mostNs: number): number {
    const frame = this.#frames.at(-1)
    assert.ok(frame, 'a script has made the step')
    frame.ip = this.platform.code.stand(step.kind === 'call' ? step.child : undefined)
    this.#registers.set(REGISTER.rip, frame.ip)
    if (step.kind === 'call') return this.#call(step)
    this.#registers.set(REGISTER.rax, 0)
    if (step.kind === 'fault') return this.#fault(step.address, step.right)
    const ns = Math.min(frame.leftNs, mostNs)
    frame.leftNs -= ns
    return ns
  }

  #call({ nr, args }: Extract<Step, { kind: 'call' }>): number {
    this.nr = nr
    this.#registers.set(REGISTER.rax, nr)
    ARGUMENTS.forEach((register, index) => {
      this.args[index] = args[index] ?? 0
      this.#registers.set(register, args[index] ?? 0)
    })
    return this.#stop('call', CALL_NS)
  }

  /** It is mended, or a handler runs: then the script tries again. */
  #fault(address: number, right: number): number {
    const page = this.#space.pages.get(Math.floor(address / PAGE))
    const isThere = page !== undefined
    // The host has no memory for a page that the guest may use.
    const isBus = isThere && (page.protection & right) === right
    const error = ERROR.user | (right === PROT_WRITE ? ERROR.write : 0) | (isThere ? ERROR.present : 0)
    this.fault = {
      signal: isBus ? SIGBUS : SIGSEGV,
      code: isBus ? BUS_ADRERR : isThere ? SEGV_ACCERR : SEGV_MAPERR,
      address,
      error: this.platform.faultAccess === 'known' ? error : -1,
    }
    return this.#stop('fault', CALL_NS)
  }
}
