// What `glassbox strace` was given beside its three streams: open descriptors, blocked signals and
// ignored signals. The program that it starts inherits them. Node loses them at its start: it
// marks descriptors close-on-exec, blocks no signal and ignores none of its caller's. So the front
// (native/front.c) looks before Node starts, and passes on what it saw in a variable. Without the
// front only the descriptors can be found, by what Node opens for itself.
'use strict'
const { readdirSync, readlinkSync } = require('node:fs')

/** `BLOCKED:IGNORED:FD,FD,…`: two masks of signals in hexadecimal digits, and descriptors. */
const VARIABLE = 'GLASSBOX_INHERITED'
const [O_ACCMODE, O_NONBLOCK] = [0o3, 0o4000]
/** Linux on x86-64. */
const [FCNTL, F_GETFD, F_GETFL, FD_CLOEXEC] = [72, 1, 3, 1]

/**
 * The open descriptors of this process, in order. `syscall`: of the gate. To read their flags from
 * /proc takes longer than all else that the command does before its bundle.
 */
function openDescriptors(syscall) {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap(fd => {
      try {
        const link = readlinkSync(`/proc/self/fd/${fd}`)
        const isClosed = (syscall(FCNTL, fd, F_GETFD) & FD_CLOEXEC) !== 0
        return [{ fd, link, isClosed, flags: syscall(FCNTL, fd, F_GETFL) }]
      } catch {
        return [] // the one that the directory was read by
      }
    })
}

/** Pipes of which this process has both ends, as `[lower, higher]` with the number of the pipe. */
function ownPipes(descriptors) {
  const ends = new Map()
  for (const each of descriptors)
    if (each.link.startsWith('pipe:')) ends.set(each.link, [...(ends.get(each.link) ?? []), each])
  return [...ends].flatMap(([link, pair]) =>
    pair.length === 2 ? [{ pair, inode: Number(link.slice('pipe:['.length, -1)) }] : [],
  )
}

/**
 * The descriptors that Node opened for its event loops, in a process that has opened nothing else
 * yet: epolls, eventfds, io_urings, pipes whose ends do not block, one pipe whose ends do, and
 * /dev/null. An inherited pipe is told from Node's own by its number: Node made its own just
 * before the first one that does not block.
 */
function nodesOwn(descriptors) {
  const events = descriptors.filter(({ link }) => /^anon_inode:\[(eventpoll|eventfd|io_uring)\]$/.test(link))
  const pipes = ownPipes(descriptors)
  const waits = ({ pair }) => pair.every(({ flags }) => (flags & O_NONBLOCK) === 0)
  const [first] = pipes.filter(pipe => pipe.pair.every(({ flags }) => (flags & O_NONBLOCK) !== 0))
  const distance = ({ inode }) => Math.abs((first?.inode ?? 0) - inode)
  const [lock] = pipes.filter(waits).sort((a, b) => distance(a) - distance(b))
  const firstEvent = events.find(({ link }) => link.includes('eventfd'))?.fd ?? 0
  const nothing = descriptors.findLast(
    ({ fd, link, flags }) => link === '/dev/null' && (flags & O_ACCMODE) === 0 && fd > 2 && fd < firstEvent,
  )
  return new Set(
    [...events, ...pipes.filter(pipe => !waits(pipe)).flatMap(({ pair }) => pair), ...(lock?.pair ?? [])]
      .concat(nothing ?? [])
      .map(({ fd }) => fd),
  )
}

/** Sets the variable, unless the front has. `syscall`: of the gate. */
function noteInherited(syscall) {
  if (process.env[VARIABLE] !== undefined) return
  try {
    const open = openDescriptors(syscall)
    const own = nodesOwn(open.filter(({ isClosed }) => isClosed))
    const inherited = open.filter(({ fd }) => fd <= 2 || !own.has(fd))
    process.env[VARIABLE] = `0:0:${inherited.map(({ fd }) => fd).join(',')}`
  } catch {} // without /proc: the program gets the three streams
}

/** The descriptors that the variable names. */
function inheritedDescriptors() {
  const [, , list = ''] = (process.env[VARIABLE] ?? '').split(':')
  return list === '' ? [] : list.split(',').map(Number)
}

module.exports = { noteInherited, inheritedDescriptors }
