/**
 * Names against the host: the same random calls in a directory of the host's tmpfs and in a memory
 * file system of a world, errno for errno, and the same tree afterwards.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { cString, syscall } from '#glassbox/gate/gate.js'
import { close } from '#glassbox/gate/descriptors.js'
import { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } from '#glassbox/linux/constants.js'
import { errnoName } from '#glassbox/linux/errno.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { BUFFER, FileTask } from '../../support/kernel/file-task.js'

const NAMES = ['a', 'b', 'c', 'd']
const name = fc.constantFrom(...NAMES)
/** No `..`: both trees have other things above them. */
const path = fc
  .tuple(
    fc.array(fc.constantFrom(...NAMES, '.'), { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '/', '//'),
  )
  .map(([parts, end]) => parts.join('/') + end)

type Operation = readonly [call: string, ...args: (string | number)[]]

const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  path.map(p => ['mkdirat', p, 0o755] as const),
  path.map(p => ['openat', p, O_WRONLY | O_CREAT, 0o644] as const),
  path.map(p => ['openat', p, O_WRONLY | O_CREAT | O_EXCL, 0o644] as const),
  path.map(p => ['openat', p, O_RDONLY, 0] as const),
  path.map(p => ['openat', p, O_RDONLY | O_DIRECTORY, 0] as const),
  path.map(p => ['openat', p, O_RDONLY | O_NOFOLLOW, 0] as const),
  path.map(p => ['unlinkat', p, 0] as const),
  path.map(p => ['unlinkat', p, 0x200] as const),
  fc.tuple(fc.oneof(name, path), path).map(([t, p]) => ['symlinkat', t, p] as const),
  fc.tuple(path, path, fc.constantFrom(0, 0x400)).map(([p, q, f]) => ['linkat', p, q, f] as const),
  fc.tuple(path, path, fc.constantFrom(0, 0, 1, 2)).map(([p, q, f]) => ['renameat2', p, q, f] as const),
)

/** The arguments with the directory before each path, as the calls take them. */
function withDirectory([call, ...args]: Operation, directory: number): (string | number)[] {
  if (call === 'symlinkat') return [args[0] as string, directory, args[1] as string]
  return args.flatMap(value => (typeof value === 'string' ? [directory, value] : [value]))
}

const outcome = (call: string, result: number): string =>
  result < 0 ? errnoName(-result) : call === 'openat' ? 'opened' : String(result)

function onHost(directory: number, operation: Operation): string {
  const [call] = operation
  const args = withDirectory(operation, directory).map(value =>
    typeof value === 'string' ? cString(value) : value,
  )
  const result = syscall(syscallNumber(call), ...args)
  if (call === 'openat' && result >= 0) close(result)
  return outcome(call, result)
}

function inWorld(task: FileTask, operation: Operation): string {
  const [call] = operation
  const result = task.call(call, ...withDirectory(operation, -100))
  if (call === 'openat' && result >= 0) task.call('close', result)
  return outcome(call, result)
}

/** Type and number of links of every path of at most three names. */
function tree(stat: (path: string) => readonly [mode: number, links: number] | undefined): string[] {
  const found: string[] = []
  const visit = (prefix: string, depth: number): void => {
    for (const part of NAMES) {
      const place = prefix + part
      const seen = stat(place)
      if (seen === undefined) continue
      found.push(`${place} ${seen[0].toString(8)} ${seen[1]}`)
      if (depth > 1 && (seen[0] & 0o170000) === 0o040000) visit(`${place}/`, depth - 1)
    }
  }
  visit('', 3)
  return found
}

const statBytes = new Uint8Array(144)
const statView = new DataView(statBytes.buffer)
const NEWFSTATAT = syscallNumber('newfstatat')

/** One world for all runs, each in a directory of its own. */
const task = new FileTask()
let runs = 0

function enterNewDirectory(): void {
  const place = `/w/${runs++}`
  task.call('mkdir', place, 0o755)
  task.call('chdir', place)
}

test('random calls on names answer as on the host, and leave the same tree', () => {
  fc.assert(
    fc.property(fc.array(anyOperation, { minLength: 1, maxLength: 40 }), operations => {
      const scratch = mkdtempSync('/dev/shm/glassbox-names-')
      const directory = syscall(syscallNumber('openat'), -100, cString(scratch), O_RDONLY | O_DIRECTORY, 0)
      enterNewDirectory()
      try {
        for (const step of operations) {
          assert.equal(inWorld(task, step), onHost(directory, step), step.join(' '))
        }
        const world = tree(place => {
          if (task.call('newfstatat', -100, place, BUFFER, 0x100) < 0) return undefined
          return [task.view.getUint32(BUFFER + 24, true), task.view.getUint32(BUFFER + 16, true)]
        })
        const host = tree(place => {
          if (syscall(NEWFSTATAT, directory, cString(place), statBytes, 0x100) < 0) return undefined
          return [statView.getUint32(24, true), statView.getUint32(16, true)]
        })
        assert.deepEqual(world, host)
      } finally {
        close(directory)
        rmSync(scratch, { recursive: true, force: true })
      }
    }),
    { numRuns: 100 },
  )
})
