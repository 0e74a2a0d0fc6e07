/**
 * The platform over PTRACE_SYSEMU: guests run in stubs that the calling thread traces. No call of
 * a guest reaches the host, whatever it jumps to. Everything here belongs to the thread that made
 * it; only `ring()` of the shared bell may be called from others.
 *
 * Owns the stubs, the memory files and a timer; `close()` gives all back. If the thread ends
 * before, the host kills the stubs.
 */
import { syscall } from '../../../gate/gate.ts'
import { GUEST_MODE, GUEST_RESUME_LAYOUT, guestStep } from '../../../gate/guest.ts'
import { installWake, ptrace } from '../../../gate/ptrace.ts'
import { __WALL, __WNOTHREAD, O_CLOEXEC, O_RDONLY, PTRACE_SYSEMU, WNOHANG } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { openSync } from 'node:fs'
import { close } from '../../../gate/descriptors.ts'
import { MemoryFile } from '../memory-file.ts'
import { PlatformError } from '../platform-error.ts'
import type { GuestThread, Platform, Space } from '../platform.ts'
import type { Waiter } from '../waiter.ts'
import { Alarm } from './alarm.ts'
import { Bell } from './bell.ts'
import type { HostGuest, HostThread } from './host-thread.ts'
import { HostWatch } from './host-watch.ts'
import { RECORD_WORDS, type StopOf, stopOf, takeCall, takeFault } from './record.ts'
import { Placement } from './placement.ts'
import { PtraceSpace } from './space.ts'
import { startStub } from './stub.ts'
import { stubsOfThread } from './stub-list.ts'
import { PtraceThread } from './thread.ts'
import { MAX_ADDRESS } from './layout.ts'

const RESUME_WORDS = GUEST_RESUME_LAYOUT.SIZE / 4
const MOST_RESUMES = 64
const MOST_RECORDS = 32
/** Sparse: only what is used costs memory. */
const MEMORY_BYTES = 2 ** 36
/** While guests run, host descriptors are looked at this often. */
const LOOK_NS = 1_500_000
/** A stub with more threads than this is not kept. */
const MOST_KEPT_THREADS = 64
const MOST_SPARE = 8
const CLOCK_TRIES = 8
const SIGKILL = 9
const KILL = syscallNumber('kill')
const WAIT4 = syscallNumber('wait4')

export interface PtraceOptions {
  /** The bell that other threads ring. */
  readonly bell?: Bell
  /** The CPU of the kernel, and of guests that make calls; absent: wherever the host puts them. */
  readonly cpu?: number
}

/**
 * What performance.now() is behind CLOCK_MONOTONIC. If the thread was interrupted between both,
 * the difference is too small: of several tries the largest is right.
 */
function clockBase(): number {
  const tries = Array.from({ length: CLOCK_TRIES }, () => {
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1e9 + nanoseconds - performance.now() * 1e6
  })
  return Math.max(...tries)
}

export class PtracePlatform implements Platform {
  readonly name = 'ptrace'
  readonly maxAddress: number = MAX_ADDRESS
  readonly faultAccess = 'unknown'
  readonly memory: MemoryFile
  readonly cache: MemoryFile
  readonly stopped: GuestThread[] = []
  readonly bell: Bell
  running = 0
  woken = false
  readonly #cacheReadOnly: number
  readonly #hosts = new Map<number, HostThread>()
  readonly #spaces = new Set<PtraceSpace>()
  readonly #spare: PtraceSpace[] = []
  readonly #changed = new Set<PtraceSpace>()
  #resumed: PtraceThread[] = []
  #resuming: PtraceThread[] = []
  readonly #resumes = new Int32Array(MOST_RESUMES * RESUME_WORDS)
  readonly #records = new Int32Array(MOST_RECORDS * RECORD_WORDS)
  readonly #watch = new HostWatch()
  readonly #alarm: Alarm
  readonly #placement: Placement | undefined
  readonly #clockBase: number
  #lookedNs = 0
  /** CPU time of stubs that are dead. */
  #endedNs = 0
  #only: HostThread | undefined

  constructor({ bell = new Bell(), cpu }: PtraceOptions = {}) {
    installWake()
    this.bell = bell
    bell.listen()
    this.#placement = cpu === undefined ? undefined : Placement.at(cpu)
    this.memory = new MemoryFile('glassbox world', MEMORY_BYTES)
    this.cache = new MemoryFile('glassbox page cache', MEMORY_BYTES)
    this.#cacheReadOnly = openSync(`/proc/self/fd/${this.cache.fd}`, O_RDONLY | O_CLOEXEC)
    this.#alarm = new Alarm(bell.word)
    this.#clockBase = clockBase()
  }

  now(): number {
    return this.#clockBase + performance.now() * 1e6
  }

  createSpace(): Space {
    const spare = this.#spare.pop()
    if (!spare) return this.#newSpace()
    spare.reuse()
    return spare
  }

  /** Starts stubs until so many are ready. */
  prepare(count: number): void {
    while (this.#spare.length < count) {
      const space = this.#newSpace()
      space.released = true
      this.#spare.push(space)
    }
  }

  #newSpace(): PtraceSpace {
    const stub = startStub(this.memory.fd, this.#cacheReadOnly)
    const space = new PtraceSpace(stub, {
      changed: changed => this.#changed.add(changed),
      adopt: host => this.#hosts.set(host.tid, host),
      drained: drained => this.#keepOrKill(drained),
    })
    this.#spaces.add(space)
    return space
  }

  #keepOrKill(space: PtraceSpace): void {
    if (!this.#spaces.has(space) || this.#spare.includes(space)) return
    const keep = !space.dead && space.hosts.length <= MOST_KEPT_THREADS && this.#spare.length < MOST_SPARE
    if (keep) this.#spare.push(space)
    else this.#kill(space)
  }

  #kill(space: PtraceSpace): void {
    this.#spaces.delete(space)
    this.#changed.delete(space)
    this.#endedNs += space.cpuTimeNs()
    syscall(KILL, space.pid, SIGKILL)
    for (const host of space.hosts) {
      if (host.running) this.running--
      host.running = false
      host.dead = true
      this.#hosts.delete(host.tid)
    }
    // Threads first: the end of the first one is reported after theirs.
    for (const { tid } of space.hosts.toReversed()) syscall(WAIT4, tid, 0, __WALL, 0)
    stubsOfThread().remove(space.pid)
  }

  createThread(space: Space): GuestThread {
    return new PtraceThread(space as PtraceSpace, this)
  }

  /** For its threads only. */
  resume(thread: PtraceThread): void {
    this.#resumed.push(thread)
  }

  wait(untilNs: number): number {
    this.stopped.length = 0
    this.woken = false
    let due = untilNs
    for (;;) {
      const count = this.#startResumed()
      if (this.#changed.size > 0) this.#flushChanged()
      if (this.stopped.length > 0) due = 0
      if (this.running === 0) {
        if (this.stopped.length > 0) return this.stopped.length
        this.#sleep(due)
        this.#heardBell()
        return 0
      }
      if (this.running > 1 && this.#placement)
        due = Math.min(due, this.#placement.look(this.#hosts.values(), this.now()))
      if (this.#watch.size > 0) due = Math.min(due, this.#lookAtHost())
      const isOver = this.#step(count, due)
      if (this.stopped.length > 0 || isOver) return this.stopped.length
    }
  }

  /** Resumes are made ready; those with a pending interrupt stop at once. */
  #startResumed(): number {
    const list = this.#resumed
    if (list.length === 0) return 0
    this.#resumed = this.#resuming
    this.#resuming = list
    let count = 0
    for (const thread of list) {
      const { host } = thread
      if (!host || host.running) continue
      if (thread.interruptPending) {
        thread.interruptPending = false
        thread.stop = 'interrupted'
        this.stopped.push(thread)
        continue
      }
      if (!this.#makeReady(thread, host, count === MOST_RESUMES)) continue
      if (count === MOST_RESUMES) this.#continue(host)
      else this.#putResume(count++, host, thread.write === 'result', thread.rax)
    }
    list.length = 0
    return count
  }

  /**
   * Carries out what was queued for a thread that goes on. If the host refuses that, its guest is
   * lost, and no other one: a guest can bring this about, by a protection key for example.
   */
  #makeReady(thread: PtraceThread, host: HostThread, needsRegisters: boolean): boolean {
    try {
      // After a fault what was put off is what the guest wanted.
      if (host.space.pending && !(host.space.deferred && thread.stop === 'call')) host.space.flushBy(host)
      if (thread.write === 'result' && needsRegisters) thread.changed()
      thread.writeRegisters()
      return true
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error
      host.space.dead = true
      thread.stop = 'gone'
      this.stopped.push(thread)
      return false
    }
  }

  #putResume(index: number, host: HostThread, withResult: boolean, rax: number): void {
    const words = this.#resumes
    const at = index * RESUME_WORDS
    words[at] = host.tid
    words[at + 1] = withResult ? GUEST_MODE.result : GUEST_MODE.asIs
    words[at + 2] = rax | 0
    words[at + 3] = Math.floor(rax / 2 ** 32)
    this.#runs(host)
  }

  #runs(host: HostThread): void {
    host.running = true
    this.#placement?.resumed(host)
    host.space.runningHosts++
    this.#only = this.running++ === 0 ? host : undefined
  }

  /** Goes on as it is, now. */
  #continue(host: HostThread): void {
    this.#runs(host)
    ptrace(PTRACE_SYSEMU, host.tid)
  }

  /** Changes of spaces whose threads run: by a thread that stands still, if there is one. */
  #flushChanged(): void {
    for (const space of this.#changed) {
      const host = space.stoppedHost()
      if (host) space.flushBy(host)
      if (!space.pending) this.#changed.delete(space)
    }
  }

  #sleep(due: number): void {
    if (this.#changed.size > 0) this.#changed.clear()
    const ns = due === Infinity ? -1 : Math.max(0, Math.ceil(due - this.now()))
    this.#watch.sleep(ns, this.bell.word)
  }

  /** Looks at host descriptors if it is time; returns when to look again. */
  #lookAtHost(): number {
    const now = this.now()
    if (now - this.#lookedNs >= LOOK_NS) {
      this.#lookedNs = now
      this.#watch.sleep(0, this.bell.word)
    }
    return this.#lookedNs + LOOK_NS
  }

  #heardBell(): void {
    this.woken = true
    this.#alarm.passed()
    this.bell.silence()
  }

  /** Resumes and waits. Returns whether it was woken, or nothing has stopped by now. */
  #step(count: number, due: number): boolean {
    const options = due <= 0 ? WNOHANG : 0
    if (options === 0 && due !== Infinity) this.#alarm.at(due, this.now())
    const only = this.running === 1 && this.#only ? this.#only.tid : -1
    const { word } = this.bell
    let taken = guestStep(this.#resumes, count, this.#records, this.running, only, word, options)
    if (taken === -ERRNO.EINTR) {
      this.#heardBell()
      // However often it rings, guests are served.
      taken = guestStep(this.#resumes, 0, this.#records, this.running, only, word, WNOHANG)
    }
    if (taken === 0) this.woken = true
    if (taken < 0) throw new PlatformError('waiting for guests', -taken)
    for (let index = 0; index < taken; index++) this.#take(index)
    return this.woken
  }

  #take(index: number): void {
    const at = index * RECORD_WORDS
    const host = this.#hosts.get(this.#records[at] ?? 0)
    if (!host) return
    const kind = stopOf(this.#records, at)
    if (host.running) {
      host.running = false
      if (host.roams) this.#placement?.stopped(host)
      host.space.runningHosts--
      this.running--
    }
    if (kind === 'gone') return this.#gone(host)
    const isWanted = kind === 'interrupted' ? host.takeInterrupt() : this.#otherwise(host)
    const { guest } = host
    if (!guest) return host.space.rest(host)
    if (kind === 'none' || !isWanted) return this.#continue(host)
    this.#report(guest, kind, at)
  }

  #otherwise(host: HostThread): true {
    host.stoppedOtherwise()
    return true
  }

  #report(guest: HostGuest, kind: Exclude<StopOf, 'none' | 'gone'>, at: number): void {
    guest.stopped(kind === 'vsyscall' ? 'call' : kind)
    if (kind === 'call') takeCall(guest, this.#records, at)
    else if (kind === 'vsyscall') guest.takeVsyscall(this.#records, at)
    else if (kind !== 'interrupted') guest.fault = takeFault(this.#records, at)
    this.stopped.push(guest)
  }

  #gone(host: HostThread): void {
    host.dead = true
    host.space.dead = true
    this.#hosts.delete(host.tid)
    const { guest } = host
    if (guest) {
      guest.stopped('gone')
      this.stopped.push(guest)
    } else host.space.lost()
  }

  ring(): void {
    this.bell.ring()
  }

  watch(descriptor: number, events: number, waiter: Waiter): () => void {
    return this.#watch.add(descriptor, events, waiter)
  }

  get watching(): boolean {
    return this.#watch.size > 0
  }

  cpuTimeNs(): number {
    let sum = this.#endedNs
    for (const space of this.#spaces) sum += space.cpuTimeNs()
    return sum
  }

  standing(): string | undefined {
    const standing = [...this.#hosts.values()].find(({ running, state }) => running && state === 't')
    return standing && `host thread ${standing.tid} stands still although it was resumed`
  }

  describe(): string[] {
    return [...this.#hosts.values()]
      .filter(({ guest }) => guest !== undefined)
      .map(({ tid, running, state }) => `host thread ${tid}: ${running ? 'resumed' : 'stopped'}, ${state}`)
  }

  /** How many stubs there are, and how many of them are spare. */
  get stubs(): { readonly all: number; readonly spare: number } {
    return { all: this.#spaces.size, spare: this.#spare.length }
  }

  close(): void {
    this.#alarm.close()
    for (const space of this.#spaces) syscall(KILL, space.pid, SIGKILL)
    while (syscall(WAIT4, -1, 0, __WALL | __WNOTHREAD, 0) > 0);
    stubsOfThread().clear()
    this.#spaces.clear()
    this.#hosts.clear()
    this.running = 0
    close(this.#cacheReadOnly)
    this.memory.close()
    this.cache.close()
  }
}
