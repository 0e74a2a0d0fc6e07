/**
 * The scripted platform: guests are scripts in TypeScript, so a world needs no process and no
 * ptrace. Memory is arrays, and the clock moves only by what guests do, or to the next time that
 * anyone waits for. So every run is the same, and a sleep of an hour takes no time.
 *
 * One thread runs at a time, from its last stop to its next one. `order` chooses it.
 */
import assert from 'node:assert/strict'
import type { GuestThread, Platform, Space } from '#glassbox/kernel/platform/platform.js'
import { MemoryPlatform, type PageSpace } from '../memory-platform.js'
import { Code } from './code.js'
import { ScriptedThread } from './thread.js'

/** What a call costs its thread. */
const CALL_NS = 1000
const START_NS = 1e9

export interface ScriptedOptions {
  /** Chooses one of so many runnable threads. Default: the one that has waited longest. */
  readonly order?: (count: number) => number
  /** The bytes of memory that the host has for the world. */
  readonly bytes?: number
  readonly faultAccess?: 'known' | 'unknown'
}

export class ScriptedPlatform extends MemoryPlatform implements Platform {
  readonly code = new Code()
  readonly stopped: GuestThread[] = []
  readonly watching = false
  woken = false
  override readonly faultAccess: 'known' | 'unknown'
  /** How many threads were made and have not been released. */
  threads = 0
  readonly #order: (count: number) => number
  readonly #runnable: ScriptedThread[] = []
  #nowNs = START_NS
  #cpuNs = 0
  #rung = false

  constructor({ order = () => 0, bytes, faultAccess = 'known' }: ScriptedOptions = {}) {
    super(bytes)
    this.#order = order
    this.faultAccess = faultAccess
  }

  createThread(space: Space): ScriptedThread {
    this.threads++
    return new ScriptedThread(this, space as PageSpace)
  }

  get running(): number {
    return this.#runnable.length
  }

  /** A thread wants to run. */
  add(thread: ScriptedThread): void {
    assert.ok(!this.#runnable.includes(thread), 'a thread is resumed once')
    this.#runnable.push(thread)
  }

  /** A thread was released. */
  drop(thread: ScriptedThread): void {
    this.threads--
    const at = this.#runnable.indexOf(thread)
    if (at >= 0) this.#runnable.splice(at, 1)
  }

  wait(untilNs: number): number {
    this.stopped.length = 0
    if (this.#runnable.length > 0) this.#runOne(untilNs)
    else if (!this.#rung) {
      assert.notEqual(untilNs, Infinity, 'something can wake the world')
      this.#nowNs = Math.max(this.#nowNs, untilNs)
    }
    this.woken = this.#rung || this.#nowNs >= untilNs
    this.#rung = false
    return this.stopped.length
  }

  #runOne(untilNs: number): void {
    const index = this.#order(this.#runnable.length)
    const [thread] = this.#runnable.splice(index, 1)
    assert.ok(thread, `${index} is one of the runnable threads`)
    const spent = thread.run(Math.max(CALL_NS, untilNs - this.#nowNs))
    this.#nowNs += spent
    this.#cpuNs += spent
    thread.cpuNs += spent
    if (thread.isStopped) this.stopped.push(thread)
    else this.#runnable.push(thread)
  }

  ring(): void {
    this.#rung = true
  }

  watch(): () => void {
    throw new Error('a script has no descriptors of the host')
  }

  now(): number {
    return this.#nowNs
  }

  cpuTimeNs(): number {
    return this.#cpuNs
  }

  standing(): undefined {}

  describe(): string[] {
    return [`${this.#runnable.length} scripts can run`]
  }

  close(): void {}
}

export { CALL_NS }
