/** The messages between the host and init as bytes. `native/wire.h` is the other side; see there for their meaning. */

export const REQUEST = { plan: 1, launch: 2, kill: 3, farewell: 4, prepare: 5, examine: 6 } as const
export const CPU_SOURCE = { none: 0, nanoseconds: 1, stat: 2, scan: 3 } as const

/** Parts of a box in which a program can leave something that outlives its processes; a set of them is their sum. */
export const PART = { scratch: 1, network: 2, init: 4 } as const

/** Why init ended a program. From `host` on the number is the host's own, see `HostCause`. */
export const CAUSE = { none: 0, cpu: 1, wall: 2, memory: 3, denied: 4, host: 16 } as const

/** init takes no more of one request; see native/init.c. */
export const MAX_PAYLOAD_BYTES: number = 8 << 20

const REQUEST_BYTES = 16
const REPLY_BYTES = 32
const ENDED_BYTES = 64
const CALL_BYTES = 64
const SNAPSHOT_BYTES = 256
const LAUNCH_BYTES = 40
const PREPARE_BYTES = 16
const MAX_FIGURES = 8
const NO_SLOT = 0xff
const REPLY_ENDED = 2

export interface LaunchHeader {
  /** 0: no limit. */
  readonly cpuLimitNs: bigint
  readonly wallLimitNs: bigint
  /** Kept by watching /proc; 0 where a cgroup keeps it. */
  readonly memoryLimit: bigint
  readonly cpuSource: number
  readonly listenerSlot: number | undefined
  /** Where the child leaves the time just before execve. */
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
  const bytes = new Uint8Array(REQUEST_BYTES + payload.length)
  new Uint32Array(bytes.buffer, 0, 4).set([type, id, payload.length, descriptors])
  bytes.set(payload, REQUEST_BYTES)
  return bytes
}

/** init's descriptor of the seccomp listener; see native/init.h. */
export const LISTENER = 6
/** init's descriptors that plans may put files of the program's cgroup at; see native/init.h. */
export const FIRST_KEPT = 8
export const KEPT_COUNT = 16

export interface PrepareHeader {
  /** Where the plan leaves the child's process id. */
  readonly mainSlot: number
  /** Kept descriptors, counted from 0, whose texts the report brings: the first, and how many. */
  readonly firstFigure: number
  readonly figures: number
  /** The kept descriptor to read the CPU time from. */
  readonly cpu: number | undefined
  /** Look first whether the box is as it was when it was fresh; if not, do nothing and say so. */
  readonly examine: boolean
  /** The plan lays on a filter and puts its listener at `LISTENER`. */
  readonly listens: boolean
}

/** The payload that has a child prepared: the header and the plan. */
export function encodePrepare(header: PrepareHeader, plan: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PREPARE_BYTES + plan.length)
  new DataView(bytes.buffer).setUint32(0, header.mainSlot, true)
  bytes[4] = header.firstFigure
  bytes[5] = header.figures
  bytes[6] = header.cpu ?? NO_SLOT
  bytes[7] = header.examine ? 1 : 0
  bytes[8] = header.listens ? 1 : 0
  bytes.set(plan, PREPARE_BYTES)
  return bytes
}

/** The payload of a launch: the header and the plan of the child that was prepared. */
export function encodeLaunch(header: LaunchHeader, plan: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LAUNCH_BYTES + plan.length)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, header.cpuLimitNs, true)
  view.setBigUint64(8, header.wallLimitNs, true)
  view.setBigUint64(16, header.memoryLimit, true)
  view.setUint32(24, header.cpuSource, true)
  view.setUint8(28, header.listenerSlot ?? NO_SLOT)
  view.setUint8(29, header.watch ? 1 : 0)
  view.setUint8(30, header.startedSlot)
  bytes.set(plan, LAUNCH_BYTES)
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

/** What init knows of a program that has ended. Times of the monotonic clock in ns. */
export interface EndedReport {
  readonly startedNs: bigint
  readonly endedNs: bigint
  readonly userUs: bigint
  readonly systemUs: bigint
  readonly maxRssBytes: number
  readonly watchedCpuNs: bigint
  readonly watchedMemory: number
  readonly watchedProcesses: number
  /** The texts of the figures; empty where one could not be read. */
  readonly figures: readonly string[]
  readonly denied?: DeniedCall
}

export interface Reply {
  readonly id: number
  /** The plan's step that failed, and its errno; errno 0: none did. */
  readonly step: number
  readonly errno: number
  readonly cause: number
  /** `si_code` and `si_status` of the program; see waitid(2). */
  readonly how: number
  readonly status: number
  /** There when the reply is about a program. */
  readonly ended?: EndedReport
}

function decodeDenied(view: DataView, at: number): DeniedCall {
  const memoryAt = at + CALL_BYTES
  const validAt = memoryAt + 6 * SNAPSHOT_BYTES
  const six = [0, 1, 2, 3, 4, 5]
  return {
    nr: view.getInt32(at, true),
    arch: view.getUint32(at + 4, true),
    args: six.map(i => view.getBigUint64(at + 16 + i * 8, true)),
    memory: six.map(i => {
      const start = view.byteOffset + memoryAt + i * SNAPSHOT_BYTES
      return new Uint8Array(view.buffer.slice(start, start + view.getUint32(validAt + i * 4, true)))
    }),
  }
}

function decodeFigures(view: DataView, at: number): { figures: string[]; end: number } {
  let end = at + MAX_FIGURES * 2
  const figures = Array.from({ length: MAX_FIGURES }, (_, index) => {
    const length = view.getUint16(at + index * 2, true)
    const text = Buffer.from(view.buffer, view.byteOffset + end, length).toString('latin1')
    end += length
    return text
  })
  return { figures, end }
}

function decodeEnded(view: DataView, length: number): EndedReport {
  const at = REPLY_BYTES
  const long = (index: number): bigint => view.getBigUint64(at + index * 8, true)
  const { figures, end } = decodeFigures(view, at + ENDED_BYTES)
  const report = {
    figures,
    startedNs: long(0),
    endedNs: long(1),
    userUs: long(2),
    systemUs: long(3),
    maxRssBytes: Number(long(4)),
    watchedCpuNs: long(5),
    watchedMemory: Number(long(6)),
    watchedProcesses: view.getUint32(at + 56, true),
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

  /** All replies that `chunk` completes. It is the caller's again when this returns. */
  push(chunk: Uint8Array): Reply[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const replies: Reply[] = []
    for (;;) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
      const length = bytes.length < REPLY_BYTES ? Infinity : REPLY_BYTES + view.getUint32(8, true)
      if (bytes.length < length) {
        this.#rest = bytes.slice()
        return replies
      }
      bytes = bytes.subarray(length)
      const word = (index: number): number => view.getInt32(index * 4, true)
      const reply = {
        id: word(1),
        step: word(3),
        errno: word(4),
        cause: word(5),
        how: word(6),
        status: word(7),
      }
      replies.push(
        word(0) === REPLY_ENDED ? { ...reply, ended: decodeEnded(view, length - REPLY_BYTES) } : reply,
      )
    }
  }
}
