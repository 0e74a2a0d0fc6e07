/**
 * The row about a container around this process. A container has a seccomp filter, read-only
 * cgroups and a partly hidden /proc. The host's settings show none of that, and no sysctl changes
 * it.
 */
import { CONTAINER_REMEDY } from '../launch/step-hint.ts'
import { readText } from './kernel.ts'
import type { Row } from './row.ts'

/** What the row is derived from. Tests pass their own. */
export interface Signs {
  /** /proc/self/status, /proc/self/mountinfo */
  readonly status: string
  readonly mountinfo: string
  /**
   * Whether a marker file of Docker or Podman exists, or the environment variable of Kubernetes is
   * set.
   */
  readonly marked: boolean
}

export function signsHere(): Signs {
  const marked = readText('/run/.containerenv') !== '' || process.env['KUBERNETES_SERVICE_HOST'] !== undefined
  return { status: readText('/proc/self/status'), mountinfo: readText('/proc/self/mountinfo'), marked }
}

const FILTER_MODE = '2'

/** The restrictions that can make a box fail, in words. */
function restrictions({ status, mountinfo }: Signs): string[] {
  const mode = /^Seccomp:\s*(\d)/m.exec(status)?.[1]
  const mounts = mountinfo.split('\n').map(line => line.split(' '))
  const isReadOnly = (at: string): boolean =>
    mounts.some(([, , , , point = '', options = '']) => point === at && options.split(',').includes('ro'))
  const isHidden = mounts.some(([, , , , point = '']) => /^\/proc\/(kcore|keys|timer_list|acpi)$/.test(point))
  return [
    ...(mode === FILTER_MODE ? ['a seccomp filter'] : []),
    ...(isReadOnly('/sys/fs/cgroup') ? ['read-only cgroups'] : []),
    ...(isHidden ? ['a /proc with hidden files'] : []),
  ]
}

/** Whether this looks like a container, and how to start a container in which boxes work. */
export function containerRow(signs: Signs = signsHere()): Row {
  const found = restrictions(signs)
  const subject = 'container'
  const none = found.length === 0
  if (none && !signs.marked)
    return {
      subject,
      found: 'no sign of one',
      state: 'yes',
      meaning: 'nothing stands between this process and the host',
    }
  return {
    subject,
    found: none
      ? 'this looks like one'
      : `this looks like one, or like a restricted service: ${found.join(', ')}`,
    state: none ? 'yes' : 'partly',
    meaning: none
      ? 'nothing keeps boxes from working in it'
      : 'a box may be refused what it is made of; the row "a box, tried now" says whether',
    ...(none ? {} : { fix: CONTAINER_REMEDY }),
  }
}
