// What `glassbox strace` was given beside its three streams: open descriptors, blocked signals and
// ignored signals. The program that it starts inherits them. Node loses them at its start: it
// marks descriptors close-on-exec, blocks no signal and ignores none of its caller's. So the front
// (native/front.c) looks before Node starts, and passes on what it saw in a variable. Without the
// front only the descriptors can be found, by what Node opens for itself.
'use strict'
const { readdirSync, readFileSync, readlinkSync } = require('node:fs')

/** `BLOCKED:IGNORED:FD,FD,…`: two masks of signals in hexadecimal digits, and descriptors. */
const VARIABLE = 'GLASSBOX_INHERITED'
const [O_ACCMODE, O_NONBLOCK, O_CLOEXEC] = [0o3, 0o4000, 0o2000000]

/** The open descriptors of this process, in order. */
function openDescriptors() {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap(fd => {
      try {
        const link = readlinkSync(`/proc/self/fd/${fd}`)
        const [, flags = '0'] =
          /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? []
        return [{ fd, link, flags: Number.parseInt(flags, 8) }]
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

/** Sets the variable, unless the front has. */
function noteInherited() {
  if (process.env[VARIABLE] !== undefined) return
  try {
    const open = openDescriptors()
    const own = nodesOwn(open.filter(({ flags }) => (flags & O_CLOEXEC) !== 0))
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
