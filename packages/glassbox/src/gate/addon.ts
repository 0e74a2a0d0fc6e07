/** Finds and loads the native addon. `GLASSBOX_GATE` names another file, for tests of a build. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { MissingFeatureError } from '../errors.ts'

/**
 * The addon's functions as C exports them. Other folders call them only through the other files of
 * this folder.
 */
export interface Addon {
  syscall(number: number, ...args: readonly (number | bigint | NodeJS.TypedArray)[]): number
  runPlan(
    plan: Uint8Array,
    slots: BigInt64Array,
    failure: Int32Array,
    descriptors: Uint8Array,
    children: Uint8Array,
  ): number
  send(socket: number, bytes: Uint8Array, descriptors: Int32Array): number
  receive(socket: number, bytes: Uint8Array, descriptors: Int32Array): number
  handOver(fd: number): number
  /** Returns an object for the next three functions, or -errno. */
  watchReadable(fd: number, onReadable: () => void): object | number
  holdLoop(watch: object, hold: boolean): number
  pauseWatch(watch: object, paused: boolean): number
  unwatch(watch: object): number
  firstChanged(paths: Uint8Array, times: Uint8Array): number
  installWake(signal: number): number
  takeSignals(): number
  traceStep(
    restarts: Int32Array,
    count: number,
    records: Uint8Array,
    maximum: number,
    wake: Int32Array,
    tables: Uint8Array,
    captures: Uint8Array,
    text: Uint8Array,
  ): number
  startSeized(
    plan: Uint8Array,
    slots: BigInt64Array,
    options: number,
    made: BigInt64Array,
    cgroup: number,
    hold: number,
    word: Int32Array,
  ): number
  endStart(start: bigint, failure: Int32Array): number
  superviseStep(
    restarts: Int32Array,
    count: number,
    records: Uint8Array,
    maximum: number,
    wake: Int32Array,
    calls: Uint8Array,
    tables: Uint8Array,
    tasks: Int32Array,
  ): number
  endAtExit(roots: Int32Array): number
  guestStep(
    resumes: Int32Array,
    count: number,
    records: Int32Array,
    running: number,
    only: number,
    wake: Int32Array,
    options: number,
  ): number
  guestBatch(tid: number, registers: Int32Array, result: Int32Array): number
  guestExtended(tid: number, bytes: Uint8Array, set: number): number
  guestSleep(descriptors: Int32Array, ns: number, wake: Int32Array): number
  guestTimer(wake: Int32Array): number
  mapMemory(fd: number, offset: number, length: number): ArrayBuffer | number
  readCycles(out: BigUint64Array): void
  readMemory(tid: number, address: number | bigint, bytes: Uint8Array): number
  writeMemory(tid: number, address: number | bigint, bytes: Uint8Array): number
}

const prebuilds = join(import.meta.dirname, '../../prebuilds/')
const platform = `${process.platform}-${process.arch}`

/** The static program that is PID 1 of every box. */
export const INIT_PATH: string = `${prebuilds}init-${platform}`

/** The static program that becomes a traced command. */
export const LAUNCHER_PATH: string = `${prebuilds}launcher-${platform}`

/** The static program in which guests of the kernel run. */
export const STUB_PATH: string = `${prebuilds}stub-${platform}`

/** The vDSO of the kernel runner's guests: a shared object of one segment. */
export const VDSO_PATH: string = `${prebuilds}vdso-${platform}.so`

function load(): Addon {
  const path = process.env['GLASSBOX_GATE'] ?? `${prebuilds}gate-${platform}.node`
  if (!existsSync(path)) {
    throw new MissingFeatureError(
      'native gate',
      `glassbox has no native gate for ${platform}: ${path} does not exist.`,
      'Run "npm run build" in a checkout (it needs a C compiler), or use Linux on x86-64.',
    )
  }
  // As require() does it, but without the search for a package.json around the file.
  const found = { exports: {} }
  try {
    process.dlopen(found, path)
  } catch (error) {
    throw new MissingFeatureError(
      'native gate',
      `glassbox's native gate cannot be loaded: ${(error as Error).message}`,
      /Too many open files/.test((error as Error).message)
        ? 'The limit of open files (ulimit -n, RLIMIT_NOFILE) is reached: raise it, or close some.'
        : 'Install the package again, or run "npm run build" in a checkout.',
      error,
    )
  }
  return found.exports as Addon
}

let loaded: Addon | undefined

/**
 * The addon, which is loaded at the first call. So everything that makes no system call works
 * without it.
 */
export function addon(): Addon {
  loaded ??= load()
  return loaded
}
