/**
 * What stands around this process: a container has a seccomp filter, cgroups that cannot be
 * written and a /proc that is partly hidden. Settings of the host do not show any of that, and no
 * sysctl changes it.
 */
import { CONTAINER_REMEDY } from '../launch/step-error.ts'
import { readText } from './kernel.ts'
import type { Row } from './row.ts'

/** The files that tell; a test has its own. */
export interface Signs {
  /** /proc/self/status, /proc/self/mountinfo */
  readonly status: string
  readonly mountinfo: string
  /**
   * Whether one of the files is there that Docker and Podman leave, or Kubernetes says that it is
   * it.
   */
  readonly marked: boolean
}

export function signsHere(): Signs {
  const marked = readText('/run/.containerenv') !== '' || process.env['KUBERNETES_SERVICE_HOST'] !== undefined
  return { status: readText('/proc/self/status'), mountinfo: readText('/proc/self/mountinfo'), marked }
}

const FILTER_MODE = '2'

/** Each thing that a box may fail for, in words. */
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

/** Whether this looks like a container, and how one is started in which boxes work. */
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
      : `this looks like one, or like a service that is shut in: ${found.join(', ')}`,
    state: none ? 'yes' : 'partly',
    meaning: none
      ? 'nothing keeps boxes from working in it'
      : 'a box may be refused what it is made of; the row "a box, tried now" says whether',
    ...(none ? {} : { fix: CONTAINER_REMEDY }),
  }
}
