/** What stands behind a descriptor and a process number: -y, -yy, -Y. Read from /proc while the thread is stopped. */
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { escaped } from '../decode/text.ts'
import type { StraceOptions } from './options.ts'

const AT_FDCWD = -100

function read<T>(from: () => T): T | undefined {
  try {
    return from()
  } catch {
    return undefined // it ended, or is not ours to look at
  }
}

/** `<` and `>` would end the annotation. */
const inBrackets = (text: string): string =>
  `<${escaped(Buffer.from(text)).replaceAll('<', '\\74').replaceAll('>', '\\76')}>`

/** `127.0.0.1:80` of the hexadecimal words of /proc/net. */
function ipAddress(words: string): string {
  const [host = '', port = ''] = words.split(':')
  const groups = host.match(/.{8}/g) ?? []
  const bytes = groups.flatMap(group =>
    (group.match(/../g) ?? []).toReversed().map(byte => Number.parseInt(byte, 16)),
  )
  const number = Number.parseInt(port, 16)
  if (bytes.length === 4) return `${bytes.join('.')}:${number}`
  const text = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  ).join(':')
  return `[${text.replace(/(^|:)0(:0)+(:|$)/, '::')}]:${number}`
}

const PROTOCOLS: readonly (readonly [file: string, name: string])[] = [
  ['tcp', 'TCP'],
  ['udp', 'UDP'],
  ['tcp6', 'TCPv6'],
  ['udp6', 'UDPv6'],
]

/** `TCP:[127.0.0.1:5000->127.0.0.1:80]`, from the tables of the thread's own network. */
function socketText(pid: number, inode: string): string | undefined {
  for (const [file, name] of PROTOCOLS) {
    const table = read(() => readFileSync(`/proc/${pid}/net/${file}`, 'latin1')) ?? ''
    for (const line of table.split('\n')) {
      const words = line.trim().split(/\s+/)
      if (words[9] !== inode) continue
      const [, local = '', remote = ''] = words
      const peer = ipAddress(remote)
      return `${name}:[${ipAddress(local)}${/:0$/.test(peer) ? '' : `->${peer}`}]`
    }
  }
  const unix = read(() => readFileSync(`/proc/${pid}/net/unix`, 'latin1')) ?? ''
  const line = unix.split('\n').find(entry => entry.trim().split(/\s+/)[6] === inode)
  if (line === undefined) return undefined
  const words = line.trim().split(/\s+/)
  const kind =
    { '0001': 'UNIX-STREAM', '0002': 'UNIX-DGRAM', '0005': 'UNIX-SEQPACKET' }[words[4] ?? ''] ?? 'UNIX'
  const path = words[7]
  return `${kind}:[${inode}${path === undefined ? '' : `,${path.startsWith('@') ? `@"${path.slice(1)}"` : `"${path}"`}`}]`
}

function deviceText(path: string): string {
  const stats = read(() => statSync(path))
  if (!stats?.isCharacterDevice() && !stats?.isBlockDevice()) return ''
  const major = (stats.rdev >> 8) & 0xfff
  const minor = (stats.rdev & 0xff) | ((stats.rdev >> 12) & 0xfff00)
  return `<${stats.isCharacterDevice() ? 'char' : 'block'} ${major}:${minor}>`
}

/** What a descriptor of a thread leads to, with its brackets; nothing where that cannot be seen. */
export function descriptorText(tid: number, fd: number, level: StraceOptions['descriptors']): string {
  const target = linkOf(tid, fd)
  if (target === undefined) return ''
  const socket = /^socket:\[(\d+)\]$/.exec(target)
  if (level === 'all' && socket) return `<${socketText(tid, socket[1] ?? '') ?? target}>`
  const gone = target.endsWith(' (deleted)')
  const path = gone ? target.slice(0, -10) : target
  if (level !== 'all') return `${inBrackets(path)}${gone ? '(deleted)' : ''}`
  const device = deviceText(path)
  return device === ''
    ? `${inBrackets(path)}${gone ? '(deleted)' : ''}`
    : `${inBrackets(path).slice(0, -1)}${device}>`
}

/** The path or the object that a descriptor leads to. */
export function linkOf(tid: number, fd: number): string | undefined {
  return read(() => readlinkSync(fd === AT_FDCWD ? `/proc/${tid}/cwd` : `/proc/${tid}/fd/${fd}`))
}

/** The name of a process, for -Y. */
export function commandText(pid: number): string {
  const name = read(() => readFileSync(`/proc/${pid}/comm`, 'latin1'))
  return name === undefined ? '' : inBrackets(name.trimEnd())
}
