/**
 * The messages between the host and init, encoded and decoded. `native/wire.h` defines their
 * meaning and their layouts.
 */
import {
  CAUSE,
  COUNTERS_LAYOUT,
  CPU_SOURCE,
  DENIED_LAYOUT,
  DIRTY,
  ENDED_LAYOUT,
  LAUNCH_LAYOUT,
  MAX_COUNTERS,
  PLAN_NO_SLOT,
  PREPARE_LAYOUT,
  REPLY_LAYOUT,
  REPLY_TYPE,
  REQUEST_LAYOUT,
  SNAPSHOT_BYTES,
} from '../gate/generated/layouts.ts'

export { CAUSE, CPU_SOURCE, DIRTY }

/** How many arguments a system call has. */
const ARGUMENTS = [0, 1, 2, 3, 4, 5] as const

export interface LaunchHeader {
  /** 0: no limit. */
  readonly cpuLimitNs: bigint
  readonly wallLimitNs: bigint
  /** Bytes, enforced by watching /proc; 0 if a cgroup enforces the limit. */
  readonly memoryLimit: bigint
  readonly cpuSource: number
  readonly listenerSlot: number | undefined
  /** The slot in which the child stores the time just before execve. */
  readonly startedSlot: number
  /** Measure memory and processes by looking at /proc. */
  readonly watch: boolean
}

export function encodeRequest(
  type: number,
  id: number,
  payload: Uint8Array,
  descriptors: number,
): Uint8Array {
  const bytes = new Uint8Array(REQUEST_LAYOUT.SIZE + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(REQUEST_LAYOUT.type, type, true)
  view.setUint32(REQUEST_LAYOUT.id, id, true)
  view.setUint32(REQUEST_LAYOUT.length, payload.length, true)
  view.setUint32(REQUEST_LAYOUT.descriptors, descriptors, true)
  bytes.set(payload, REQUEST_LAYOUT.SIZE)
  return bytes
}

export interface PrepareHeader {
  /** The slot in which the plan stores the child's process id. */
  readonly mainSlot: number
  /**
   * The first kept descriptor, counted from 0, whose text is in the report. `counters` says how
   * many follow from there.
   */
  readonly firstCounter: number
  readonly counters: number
  /** The kept descriptor to read the CPU time from. */
  readonly cpu: number | undefined
  /** The kept descriptor that tells page cache and other memory apart. */
  readonly memory: number | undefined
  /**
   * First compare the box with its fingerprint. If it differs, do nothing and report the
   * difference.
   */
  readonly fingerprint: boolean
  /** The plan installs a filter and puts its listener into place. */
  readonly listens: boolean
}

/** The payload of the request that prepares a child: the header and the plan. */
export function encodePrepare(header: PrepareHeader, plan: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PREPARE_LAYOUT.SIZE + plan.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(PREPARE_LAYOUT.mainSlot, header.mainSlot, true)
  view.setUint8(PREPARE_LAYOUT.firstCounter, header.firstCounter)
  view.setUint8(PREPARE_LAYOUT.counters, header.counters)
  view.setUint8(PREPARE_LAYOUT.cpu, header.cpu ?? PLAN_NO_SLOT)
  view.setUint8(PREPARE_LAYOUT.fingerprint, header.fingerprint ? 1 : 0)
  view.setUint8(PREPARE_LAYOUT.listens, header.listens ? 1 : 0)
  view.setUint8(PREPARE_LAYOUT.memory, header.memory ?? PLAN_NO_SLOT)
  bytes.set(plan, PREPARE_LAYOUT.SIZE)
  return bytes
}

/** The payload of a launch: the header and the plan of the child that was prepared. */
export function encodeLaunch(header: LaunchHeader, plan: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LAUNCH_LAYOUT.SIZE + plan.length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(LAUNCH_LAYOUT.cpuLimitNs, header.cpuLimitNs, true)
  view.setBigUint64(LAUNCH_LAYOUT.wallLimitNs, header.wallLimitNs, true)
  view.setBigUint64(LAUNCH_LAYOUT.memoryLimit, header.memoryLimit, true)
  view.setUint32(LAUNCH_LAYOUT.cpuSource, header.cpuSource, true)
  view.setUint8(LAUNCH_LAYOUT.listenerSlot, header.listenerSlot ?? PLAN_NO_SLOT)
  view.setUint8(LAUNCH_LAYOUT.watch, header.watch ? 1 : 0)
  view.setUint8(LAUNCH_LAYOUT.startedSlot, header.startedSlot)
  bytes.set(plan, LAUNCH_LAYOUT.SIZE)
  return bytes
}

/** The call that the filter reported, and what its arguments pointed to. */
export interface DeniedCall {
  readonly nr: number
  readonly arch: number
  readonly args: readonly bigint[]
  /** For each argument the readable bytes at that address, at most 256. */
  readonly memory: readonly Uint8Array[]
}

/** What init knows about a program that has ended. Times are of the monotonic clock, in ns. */
export interface EndedReport {
  readonly startedNs: bigint
  readonly endedNs: bigint
  readonly userUs: bigint
  readonly systemUs: bigint
  readonly maxRssBytes: number
  /**
   * Page cache of files: at the end, and the most that init saw. All three are 0 without a cgroup.
   */
  readonly cacheBytes: number
  readonly mostCacheBytes: number
  /** The most memory that init saw of all other kinds together. */
  readonly mostOwnBytes: number
  readonly watchedCpuNs: bigint
  readonly watchedMemory: number
  readonly watchedProcesses: number
  readonly voluntarySwitches: number
  readonly forcedSwitches: number
  /** The texts of the counters; empty if one could not be read. */
  readonly counters: readonly string[]
  readonly denied?: DeniedCall
}

export interface Reply {
  readonly id: number
  /** The step of the plan that failed, and its errno; errno 0 means that no step failed. */
  readonly step: number
  readonly errno: number
  readonly cause: number
  /** `si_code` and `si_status` of the program; see waitid(2). */
  readonly how: number
  readonly status: number
  /** Present if the reply is about a program. */
  readonly ended?: EndedReport
}

function decodeDenied(view: DataView, at: number): DeniedCall {
  return {
    nr: view.getInt32(at + DENIED_LAYOUT.callNr, true),
    arch: view.getUint32(at + DENIED_LAYOUT.callArch, true),
    args: ARGUMENTS.map(i => view.getBigUint64(at + DENIED_LAYOUT.callArgs + i * 8, true)),
    memory: ARGUMENTS.map(i => {
      const start = view.byteOffset + at + DENIED_LAYOUT.memory + i * SNAPSHOT_BYTES
      const length = view.getUint32(at + DENIED_LAYOUT.valid + i * 4, true)
      return new Uint8Array(view.buffer.slice(start, start + length))
    }),
  }
}

function decodeCounters(view: DataView, at: number): { counters: string[]; end: number } {
  let end = at + COUNTERS_LAYOUT.text
  const counters = Array.from({ length: MAX_COUNTERS }, (_, index) => {
    const length = view.getUint16(at + COUNTERS_LAYOUT.length + index * 2, true)
    const text = Buffer.from(view.buffer, view.byteOffset + end, length).toString('latin1')
    end += length
    return text
  })
  return { counters, end }
}

function decodeEnded(view: DataView, length: number): EndedReport {
  const at = REPLY_LAYOUT.SIZE
  const long = (offset: number): bigint => view.getBigUint64(at + offset, true)
  const { counters, end } = decodeCounters(view, at + ENDED_LAYOUT.SIZE)
  const report = {
    counters,
    startedNs: long(ENDED_LAYOUT.startedNs),
    endedNs: long(ENDED_LAYOUT.endedNs),
    userUs: long(ENDED_LAYOUT.userUs),
    systemUs: long(ENDED_LAYOUT.systemUs),
    maxRssBytes: Number(long(ENDED_LAYOUT.maxRss)),
    cacheBytes: Number(long(ENDED_LAYOUT.cache)),
    mostCacheBytes: Number(long(ENDED_LAYOUT.mostCache)),
    mostOwnBytes: Number(long(ENDED_LAYOUT.mostOwn)),
    watchedCpuNs: long(ENDED_LAYOUT.watchedCpuNs),
    watchedMemory: Number(long(ENDED_LAYOUT.watchedMemory)),
    watchedProcesses: view.getUint32(at + ENDED_LAYOUT.watchedProcesses, true),
    voluntarySwitches: Number(long(ENDED_LAYOUT.voluntarySwitches)),
    forcedSwitches: Number(long(ENDED_LAYOUT.forcedSwitches)),
  }
  return end < at + length ? { ...report, denied: decodeDenied(view, end) } : report
}

/** The reply about a program. */
export interface EndedReply extends Reply {
  readonly ended: EndedReport
}

/** Cuts the stream from init into replies. */
export class ReplyReader {
  #rest: Uint8Array = new Uint8Array(0)

  /** All replies that `chunk` completes. The caller may reuse the chunk when this returns. */
  push(chunk: Uint8Array): Reply[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const replies: Reply[] = []
    for (;;) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      const isWhole = bytes.length >= REPLY_LAYOUT.SIZE
      const length = isWhole ? view.getUint32(REPLY_LAYOUT.length, true) : Infinity
      if (bytes.length < REPLY_LAYOUT.SIZE + length) {
        this.#rest = bytes.slice()
        return replies
      }
      bytes = bytes.subarray(REPLY_LAYOUT.SIZE + length)
      replies.push(decodeReply(view, length))
    }
  }
}

function decodeReply(view: DataView, length: number): Reply {
  const reply = {
    id: view.getUint32(REPLY_LAYOUT.id, true),
    step: view.getInt32(REPLY_LAYOUT.step, true),
    errno: view.getInt32(REPLY_LAYOUT.error, true),
    cause: view.getUint32(REPLY_LAYOUT.cause, true),
    how: view.getUint32(REPLY_LAYOUT.how, true),
    status: view.getUint32(REPLY_LAYOUT.status, true),
  }
  const isEnded = view.getUint32(REPLY_LAYOUT.type, true) === REPLY_TYPE.ended
  return isEnded ? { ...reply, ended: decodeEnded(view, length) } : reply
}
