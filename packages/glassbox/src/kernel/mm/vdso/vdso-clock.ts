/**
 * The clocks of a world for its guests' vDSO: they compute the time themselves from the CPU's
 * cycle counter and a page of parameters, which this class keeps right. The page says "make the
 * call" while the counter's frequency is not known yet, and for as long as `off` was called.
 *
 * Time in the vDSO follows the clock of the world: `refresh` compares both. If the vDSO is ahead,
 * it slows down for a while instead of stepping back.
 *
 *     const vdso = new VdsoClock(worldMemory, clock, readFileSync(VDSO_PATH), readCycles)
 *     vdso.refresh()     // in the loop, when `vdso.dueNs` of the world's clock has passed
 */
import { PAGE_SIZE, pageEnd } from '../pages/page.ts'
import type { WorldMemory } from '../world-memory.ts'

/** The clock of a world, as far as the vDSO shows it. */
export interface ShownClock {
  /** Nanoseconds. */
  monotonic(): number
  realSeconds(): number
  realNanoseconds(): number
}

/** struct vdso_parameters of native/vdso.h: indexes of 32-bit words, then of 64-bit words. */
const SEQUENCE = 0
const IS_ON = 1
const CYCLES = 1
const MULTIPLIER = 2
const MONOTONIC = 3
const REAL = 5
const SHIFT = 32n

/** The frequency is known well enough after this time. */
const CALIBRATION_NS = 2_000_000n
/** How often the clocks are compared: first soon, to know the frequency better, then rarely. */
const FIRST_PERIOD_NS = 20_000_000
const PERIOD_NS = 500_000_000
/** If they are further apart than this, the clock was set: then the vDSO steps. */
const STEP_NS = 1_000_000n
const SECOND_NS = 1_000_000_000n
const TRIES = 3

export class VdsoClock {
  readonly #clock: ShownClock
  readonly #readCycles: (out: BigUint64Array) => void
  readonly #words: Int32Array
  readonly #longs: BigUint64Array
  readonly #first = new BigUint64Array(2)
  readonly #sample = new BigUint64Array(2)
  #multiplier = 0n
  #period = FIRST_PERIOD_NS
  #isOff = false
  /** When `refresh` is due, in nanoseconds of the world's clock. */
  dueNs = 0

  /** Puts the image into the memory of the world. Throws if there is no room for it. */
  constructor(
    world: WorldMemory,
    clock: ShownClock,
    image: Uint8Array,
    readCycles: (out: BigUint64Array) => void,
  ) {
    this.#clock = clock
    this.#readCycles = readCycles
    const imagePages = pageEnd(image.length) / PAGE_SIZE
    const pages = world.world
    const offset = pages.allocate(1 + imagePages, 'zero')
    if (offset < 0 || !pages.ensure(offset, (1 + imagePages) * PAGE_SIZE))
      throw new RangeError('no memory for the vDSO')
    const { bytes } = pages.memory.chunk(offset)
    const at = bytes.byteOffset + (offset % pages.memory.chunkSize)
    bytes.set(image, (offset % pages.memory.chunkSize) + PAGE_SIZE)
    this.#words = new Int32Array(bytes.buffer, at, 16)
    this.#longs = new BigUint64Array(bytes.buffer, at, 8)
    world.vdso = { offset, imagePages }
    readCycles(this.#first)
  }

  /** From now on every clock is a call: for tracing, or a clock that stands still. */
  off(): void {
    this.#isOff = true
    this.#write(() => {
      this.#words[IS_ON] = 0
    })
  }

  on(): void {
    this.#isOff = false
    this.refresh()
  }

  /** Compares the clocks, and makes the vDSO show the time of the world. */
  refresh(): void {
    if (this.#isOff) return
    const { cycles, now } = this.#measure()
    this.dueNs = Number(now) + this.#period
    const passedCycles = (this.#sample[0] as bigint) - (this.#first[0] as bigint)
    const passedNs = (this.#sample[1] as bigint) - (this.#first[1] as bigint)
    if (passedNs < CALIBRATION_NS || passedCycles <= 0n) return
    this.#period = Math.min(PERIOD_NS, this.#period * 2)
    const multiplier = (passedNs << SHIFT) / passedCycles
    const ahead = this.#words[IS_ON] === 0 ? 0n : this.#shown(cycles) - now
    const isSlewed = ahead > 0n && ahead < STEP_NS
    const base = isSlewed ? now + ahead : now
    // Slower by so much that it is right again after a second.
    this.#multiplier = isSlewed ? multiplier - (multiplier * ahead) / SECOND_NS : multiplier
    this.#publish(cycles, base, base - now)
  }

  /** The world's monotonic clock, and the counter at that moment: of several tries the closest. */
  #measure(): { cycles: bigint; now: bigint } {
    let best = { cycles: 0n, now: 0n }
    let closest = -1n
    for (let tries = 0; tries < TRIES; tries++) {
      this.#readCycles(this.#sample)
      const before = this.#sample[0] as bigint
      const now = BigInt(Math.round(this.#clock.monotonic()))
      this.#readCycles(this.#sample)
      const width = (this.#sample[0] as bigint) - before
      if (closest >= 0n && width >= closest) continue
      closest = width
      best = { cycles: before + width / 2n, now }
    }
    return best
  }

  /** What the vDSO says when the counter is there. */
  #shown(cycles: bigint): bigint {
    const passed = cycles - (this.#longs[CYCLES] as bigint)
    const base = (this.#longs[MONOTONIC] as bigint) * SECOND_NS + (this.#longs[MONOTONIC + 1] as bigint)
    return base + ((passed * this.#multiplier) >> SHIFT)
  }

  #publish(cycles: bigint, monotonic: bigint, ahead: bigint): void {
    const clock = this.#clock
    const sinceThen = BigInt(Math.round(clock.monotonic())) - (monotonic - ahead)
    const realNow = BigInt(clock.realSeconds()) * SECOND_NS + BigInt(Math.floor(clock.realNanoseconds()))
    const real = realNow - sinceThen + ahead
    this.#write(() => {
      this.#longs[CYCLES] = cycles
      this.#longs[MULTIPLIER] = this.#multiplier
      this.#longs[MONOTONIC] = monotonic / SECOND_NS
      this.#longs[MONOTONIC + 1] = monotonic % SECOND_NS
      this.#longs[REAL] = real / SECOND_NS
      this.#longs[REAL + 1] = real % SECOND_NS
      this.#words[IS_ON] = 1
    })
  }

  /** A guest that reads during this sees an odd number, and makes the call. */
  #write(change: () => void): void {
    Atomics.add(this.#words, SEQUENCE, 1)
    change()
    Atomics.add(this.#words, SEQUENCE, 1)
  }
}
