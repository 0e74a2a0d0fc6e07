/**
 * The process at the other end of a connection: who it is, and whether a program of the server
 * gets the same surroundings as a program of its own would.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { call } from '../../gate/gate.ts'
import { SO_PEERCRED, SOL_SOCKET } from '../../linux/constants.ts'
import type { Ids } from '../types.ts'

export interface Peer extends Ids {
  /** 0: it is in another PID namespace. */
  readonly pid: number
}

/** SO_PEERCRED, unix(7): as the process was when it connected. */
export function peerOf(socket: number): Peer {
  const credentials = new Int32Array(3)
  call('getsockopt', [socket, SOL_SOCKET, SO_PEERCRED, credentials, Int32Array.of(credentials.byteLength)])
  const [pid = 0, uid = -1, gid = -1] = credentials
  return { pid, uid: uid >>> 0, gid: gid >>> 0 }
}

/** Limits that the program inherits. isolate sets all others. */
const INHERITED_LIMITS = [
  ...['Max cpu time', 'Max data size', 'Max resident set', 'Max file locks', 'Max pending signals'],
  ...['Max msgqueue size', 'Max nice priority', 'Max realtime priority', 'Max realtime timeout'],
]
const STATUS = ['CapBnd', 'NoNewPrivs', 'Seccomp', 'Cpus_allowed', 'Mems_allowed']
/** In which the paths of a call, its network and its ids have their meaning. */
const NAMESPACES = ['mnt', 'net', 'user', 'pid', 'uts', 'time']
/** The field `nice` of /proc/PID/stat, after the name. */
const NICE = 16

/** By what they are called in a message. */
export type Inherited = ReadonlyMap<string, string>

/** What a program inherits of this process. Throws the error of a file that cannot be read. */
export function inheritedFrom(pid: number | 'self'): Inherited {
  const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'latin1')
  const stat = read('stat')
  const limits = read('limits')
  const status = read('status')
  const lineOf = (text: string, start: string): string => {
    const at = text.indexOf(start)
    return at < 0 ? '' : text.slice(at, text.indexOf('\n', at))
  }
  return new Map([
    ['root directory', readlinkSync(`/proc/${pid}/root`)],
    ...NAMESPACES.map(name => [`namespace ${name}`, readlinkSync(`/proc/${pid}/ns/${name}`)] as const),
    ...INHERITED_LIMITS.map(name => [`limit ${name}`, lineOf(limits, name)] as const),
    ...STATUS.map(name => [name, lineOf(status, `${name}:`)] as const),
    ['nice value', stat.slice(stat.lastIndexOf(')') + 2).split(' ')[NICE] ?? ''],
  ])
}

/** The first thing that the two do not have in common. */
export function differenceOf(own: Inherited, other: Inherited): string | undefined {
  for (const [name, value] of own) if (other.get(name) !== value) return name
  return undefined
}
