/**
 * -y, -yy: what a descriptor of a tracee is, by /proc. Belongs to the tracee whose call is being printed: as an output it is told of each call
 * before the one that prints.
 */
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import type { EnteredCall, LeftCall } from '../../trace/types.ts'
import { escaped } from './escape.ts'
import type { DescriptorDetail } from '../options.ts'
import type { Sink } from '../output/sink.ts'
import { socketText } from './socket-text.ts'
import type { TraceeState } from '../tracee-state.ts'

const AT_FDCWD = -100
const DELETED = ' (deleted)'
const S_IFMT = 0o170000
const S_IFCHR = 0o020000
const S_IFBLK = 0o060000

export class Descriptors implements Sink {
  readonly #details: ReadonlySet<DescriptorDetail>
  #tid = 0

  constructor(details: readonly DescriptorDetail[]) {
    this.#details = new Set(details)
  }

  enter(state: TraceeState, _call: EnteredCall): void {
    this.#tid = state.tid
  }

  exit(state: TraceeState, _call: LeftCall): void {
    this.#tid = state.tid
  }

  /** `</etc/passwd>`; nothing for a descriptor that is not open. */
  text(fd: number): string {
    if (fd < 0 && fd !== AT_FDCWD) return ''
    const link = fd === AT_FDCWD ? `/proc/${this.#tid}/cwd` : `/proc/${this.#tid}/fd/${fd}`
    const target = targetOf(link)
    return target === undefined ? '' : `<${this.#inner(fd, link, target)}`
  }

  #inner(fd: number, link: string, target: Buffer): string {
    const name = target.toString('latin1')
    if (this.#details.has('socket') && name.startsWith('socket:['))
      return `${socketText(link, BigInt(name.slice('socket:['.length, -1))) ?? escaped(target)}>`
    if (this.#details.has('pidfd') && (name === 'anon_inode:[pidfd]' || name.startsWith('pidfd:'))) {
      const pid = this.#pidOf(fd)
      if (pid !== undefined) return `pid:${pid}>`
    }
    if (this.#details.has('dev') && name.startsWith('/')) {
      const device = deviceText(link)
      if (device !== undefined) return `${escaped(target)}${device}>`
    }
    if (!name.endsWith(DELETED) || isThere(link, target)) return `${escaped(target)}>`
    return `${escaped(target.subarray(0, -DELETED.length))}>(deleted)`
  }

  #pidOf(fd: number): string | undefined {
    try {
      return /^Pid:\s*(-?\d+)/m.exec(readFileSync(`/proc/${this.#tid}/fdinfo/${fd}`, 'latin1'))?.[1]
    } catch {
      return undefined
    }
  }
}

export function targetOf(link: string): Buffer | undefined {
  try {
    return readlinkSync(link, 'buffer')
  } catch {
    return undefined
  }
}

/** `<char 1:3>`, `<block 8:1>`. */
function deviceText(link: string): string | undefined {
  try {
    const { mode, rdev } = statSync(link)
    const type = mode & S_IFMT
    if (type !== S_IFCHR && type !== S_IFBLK) return undefined
    const major = ((rdev >> 8) & 0xfff) | (Math.floor(rdev / 2 ** 32) & ~0xfff)
    const minor = (rdev & 0xff) | ((rdev >> 12) & 0xfff00)
    return `<${type === S_IFCHR ? 'char' : 'block'} ${major}:${minor}>`
  } catch {
    return undefined
  }
}

/** Its name only looks like that of a deleted file. */
function isThere(link: string, target: Buffer): boolean {
  try {
    return statSync(target).ino === statSync(link).ino
  } catch {
    return false
  }
}
