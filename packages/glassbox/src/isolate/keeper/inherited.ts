/**
 * The descriptors that a caller has handed to this process beside its three streams, for
 * `--inherit-fds`. Node marks those as close-on-exec too, so they are distinguished from Node's
 * own by what they are: Node has polls, events and timers, and pipes of which it holds both ends.
 */
import { readdirSync, readlinkSync } from 'node:fs'

const STREAMS = 3
const OF_NODE = /^anon_inode:/
const PIPE = /^pipe:/

function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined // the descriptor of the listing itself
  }
}

/** `own`: the descriptors that this process has opened for itself. */
export function inheritedDescriptors(own: readonly number[] = []): number[] {
  const found = readdirSync('/proc/self/fd').flatMap(fd => {
    const link = linkOf(fd)
    return link === undefined ? [] : [{ fd: Number(fd), link }]
  })
  const ends = (link: string): number => found.filter(other => other.link === link).length
  return found
    .filter(({ fd, link }) => fd >= STREAMS && !own.includes(fd) && !OF_NODE.test(link))
    .filter(({ link }) => !PIPE.test(link) || ends(link) === 1)
    .map(({ fd }) => fd)
}
