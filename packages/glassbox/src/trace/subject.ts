/**
 * What outputs and handlers may ask of the thread that they are told about. Each source of a trace
 * answers in its own way: ptrace/ from the host's /proc, a kernel of ours from its own tables.
 * Nothing is asked before somebody wants to know. What cannot be had, since the thread is gone or
 * the source does not know it, is `undefined`.
 */
import type { Abi, IdType } from '../decode/types.ts'

export interface Subject {
  readonly tid: number
  /** The process that it belongs to. */
  readonly pid: number
  readonly abi: Abi
  /**
   * Up to `length` bytes at `address`; fewer, or none, if they cannot be read. The bytes are valid
   * until the next read.
   */
  read(address: bigint, length: number): Uint8Array
  /** What that descriptor of the thread is. `undefined` if it is not open. */
  descriptor(fd: number): DescriptorInfo | undefined
  /** The working directory, as a path of bytes. */
  cwd(): Uint8Array | undefined
  /** The name of the thread, as prctl(2) PR_SET_NAME sets it; of another one with `tid`. */
  comm(tid?: number): Uint8Array | undefined
  /** The path of the program. */
  executable(): string | undefined
  /** The words of the command line of its process. */
  commandLine(): readonly string[] | undefined
  /** What lies where in its memory: only what has a name. */
  mappings(): readonly MappingInfo[]
  /** Opens the file of a mapping for reading; the descriptor is the caller's. */
  openMapping(mapping: MappingInfo): number | undefined
  /** CPU time of the thread alone, in nanoseconds. */
  cpuTimeNs(): number | undefined
  /** How many threads its process has. */
  threadCount(): number | undefined
  /**
   * The id that the observer knows by another for what the thread knows by `id`: the two may be in
   * different PID namespaces. 0 if there is none.
   */
  observedId(id: number, type: IdType): number
  /** The name of a network interface. */
  interfaceName(index: number): string | undefined
}

/** A descriptor of a subject. Valid as long as the subject is. */
export interface DescriptorInfo {
  /** A path, or what the kernel calls it: `socket:[123]`, `pipe:[4]`, `anon_inode:[eventfd]`. */
  readonly target: Uint8Array
  /**
   * The file has no name any more; `target` is then its last one, without the mark of the kernel.
   */
  readonly isDeleted: boolean
  /** Of a device file. */
  device(): DeviceInfo | undefined
  socket(): SocketInfo | undefined
  /** Of a pidfd: the process, −1 for one that is gone. */
  process(): number | undefined
}

export interface DeviceInfo {
  readonly type: 'char' | 'block'
  readonly major: number
  readonly minor: number
}

export interface SocketInfo {
  /** The name of the kernel: `TCP`, `UDPv6`, `UNIX-STREAM`, `NETLINK`. */
  readonly protocol: string
  readonly inode: bigint
  /** What else is known of it. */
  ends(): InetEnds | UnixEnds | NetlinkEnd | undefined
}

export interface InetEnds {
  readonly family: 'inet' | 'inet6'
  /** Addresses in network order. */
  readonly local: Uint8Array
  readonly localPort: number
  readonly remote: Uint8Array
  readonly remotePort: number
}

export interface UnixEnds {
  readonly family: 'unix'
  /** The inode of the other end; 0: none. */
  readonly peer: number
  /** As bound: it may begin with a NUL. */
  readonly name: Uint8Array | undefined
}

export interface NetlinkEnd {
  readonly family: 'netlink'
  readonly protocol: number
  readonly port: string
}

/** A part of the memory of a process. */
export interface MappingInfo {
  readonly start: number
  readonly end: number
  readonly executable: boolean
  /** Of the file. */
  readonly offset: number
  /** `fe:00`, and the inode: 0 for what is no file. */
  readonly device: string
  readonly inode: number
  readonly name: string
}
