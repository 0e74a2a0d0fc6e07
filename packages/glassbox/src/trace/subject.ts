/**
 * What outputs and handlers may ask about the stopped thread. Each source of a trace answers in
 * its own way: ptrace/ reads the host's /proc. Nothing is looked up before it is asked for. An
 * answer is `undefined` if the thread is gone or the source does not know it.
 */
import type { Abi, IdType } from '../decode/types.ts'

export interface Subject {
  readonly tid: number
  /** The process that the thread belongs to. */
  readonly pid: number
  readonly abi: Abi
  /**
   * Reads up to `length` bytes at `address`; fewer, or none, if they cannot be read. The bytes
   * are valid until the next read.
   */
  read(address: bigint, length: number): Uint8Array
  /**
   * What this descriptor of the thread refers to; with `pid`, the descriptor of another process.
   * `undefined` if it is not open.
   */
  descriptor(fd: number, pid?: number): DescriptorInfo | undefined
  /** The path of the working directory, in bytes. */
  cwd(): Uint8Array | undefined
  /**
   * The name of the thread, as prctl(2) PR_SET_NAME sets it; with `tid`, the name of another
   * thread.
   */
  comm(tid?: number): Uint8Array | undefined
  /** The path of the program. */
  executable(): string | undefined
  /** The command line of its process, split into arguments. */
  commandLine(): readonly string[] | undefined
  /** The mappings of its memory that have a name. */
  mappings(): readonly MappingInfo[]
  /** Opens the file of a mapping for reading. The caller owns the descriptor. */
  openMapping(mapping: MappingInfo): number | undefined
  /** CPU time of this thread alone, in nanoseconds. */
  cpuTimeNs(): number | undefined
  /** How many threads its process has. */
  threadCount(): number | undefined
  /**
   * Translates an id that the thread uses to the id by which the observer knows the same task,
   * since the two may be in different PID namespaces. 0 if there is none.
   */
  observedId(id: number, type: IdType): number
  /** The name of a network interface. */
  interfaceName(index: number): string | undefined
}

/** A descriptor of a subject. Valid as long as the subject is. */
export interface DescriptorInfo {
  /** A path, or the kernel's name for it: `socket:[123]`, `pipe:[4]`, `anon_inode:[eventfd]`. */
  readonly target: Uint8Array
  /**
   * The file has no name any more. `target` is then its last name, without the kernel's suffix.
   */
  readonly isDeleted: boolean
  /** For a device file: its device. */
  device(): DeviceInfo | undefined
  socket(): SocketInfo | undefined
  /** For a pidfd: the process; −1 if that is gone, 0 if this namespace has no id for it. */
  process(): number | undefined
}

export interface DeviceInfo {
  readonly type: 'char' | 'block'
  readonly major: number
  readonly minor: number
}

export interface SocketInfo {
  /** The kernel's name for the protocol: `TCP`, `UDPv6`, `UNIX-STREAM`, `NETLINK`. */
  readonly protocol: string
  readonly inode: bigint
  /** The addresses or inodes of its ends, if known. */
  ends(): InetEnds | UnixEnds | NetlinkEnd | undefined
  /** NETLINK_ROUTE and others, −1 if it is not known; `undefined` for other sockets. */
  netlinkProtocol(): number | undefined
}

/** The ends of an IP socket. */
export interface InetEnds {
  readonly family: 'inet' | 'inet6'
  /** Addresses in network byte order. */
  readonly local: Uint8Array
  readonly localPort: number
  readonly remote: Uint8Array
  readonly remotePort: number
}

/** What is known of a Unix domain socket. */
export interface UnixEnds {
  readonly family: 'unix'
  /** The inode of the peer; 0 if there is none. */
  readonly peer: number
  /** The bound name, which may begin with a NUL. */
  readonly name: Uint8Array | undefined
}

/** The end of a netlink socket. */
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
  /** The offset in the file. */
  readonly offset: number
  /** The device, for example `fe:00`. The inode is 0 if the mapping is not a file. */
  readonly device: string
  readonly inode: number
  readonly name: string
}
