/** What a test must not leave behind: processes, mounts, cgroups, descriptors. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Child processes of this process, including zombies. */
export function children(): string[] {
  return readdirSync('/proc/self/task').flatMap(task =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  )
}

/** The cgroups that this process made by glassbox, in every hierarchy. */
export function cgroupsLeft(pattern: RegExp = new RegExp(`^glassbox-${process.pid}-`)): string[] {
  const roots = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => / - cgroup2? /.test(line))
    .map(line => line.split(' ')[4] ?? '')
  const search = (directory: string, depth: number): string[] => {
    let names: string[]
    try {
      names = readdirSync(directory, { withFileTypes: true })
        .filter(entry => entry.isDirectory())
        .map(({ name }) => name)
    } catch {
      return []
    }
    return names.flatMap(name =>
      pattern.test(name)
        ? [`${directory}/${name}`]
        : depth > 0
          ? search(`${directory}/${name}`, depth - 1)
          : [],
    )
  }
  return roots.flatMap(root => search(root, 3))
}

const mounts = (): number => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length

/**
 * The open descriptors with their targets, except the directory that is being read for this list.
 */
function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`]
    } catch {
      return []
    }
  })
}

export interface Surroundings {
  readonly descriptors: number
  readonly mounts: number
}

export function surroundings(): Surroundings {
  return { descriptors: descriptors().length, mounts: mounts() }
}

/**
 * Fails if something is left that did not exist before. Waits first, because sockets close a turn
 * after their end.
 */
export async function assertNothingLeft(before: Surroundings): Promise<void> {
  for (let tries = 0; tries < 50 && descriptors().length > before.descriptors; tries++) {
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  assert.deepEqual(children(), [], 'no child process is left')
  assert.deepEqual(cgroupsLeft(), [], 'no cgroup is left')
  assert.equal(mounts(), before.mounts, 'the mounts are as before')
  assert.ok(
    descriptors().length <= before.descriptors,
    `no descriptor is left open: ${descriptors().join(', ')}`,
  )
}
