/** Following a path component by component gives what the kernel gives, for any path. */
import assert from 'node:assert/strict'
import { fstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { syscall } from '#glassbox/gate/gate.js'
import { O_CLOEXEC, O_NOFOLLOW, O_PATH } from '#glassbox/linux/constants.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { closeFound, type Found } from '#glassbox/supervisor/paths/found.js'
import { closeObject, nameOf, openThrough, pathBytes } from '#glassbox/supervisor/paths/object.js'
import { resolve } from '#glassbox/supervisor/paths/resolve.js'
import { walk } from '#glassbox/supervisor/paths/walk.js'
import { temporaryDirectory } from '../../support/temporary.js'

const VIEWER = { pid: process.pid, tid: process.pid, isMember: (id: number) => id === process.pid }
const OPENAT = syscallNumber('openat')

/**
 * Links that lead up, down, out, in circles, nowhere, through /proc, and to what is no directory.
 */
function tree(context: TestContext): string {
  const top = temporaryDirectory(context)
  for (const name of ['a', 'a/b', 'a/b/c', '12']) mkdirSync(`${top}/${name}`)
  for (const name of ['file', 'a/file', 'a/b/c/file']) writeFileSync(`${top}/${name}`, '')
  const links: readonly (readonly [target: string, name: string])[] = [
    ['..', 'a/up'],
    ['b/c', 'a/down'],
    ['.', 'self'],
    ['loop', 'loop'],
    ['ping', 'a/pong'],
    ['pong', 'a/ping'],
    ['none', 'dangling'],
    ['a/', 'slash'],
    ['file/', 'no-slash'],
    [top, 'absolute'],
    ['/proc/self/cwd', 'cwd'],
    ['/proc/self', 'me'],
    ['/proc/thread-self', 'thread'],
    ['/proc/self/root', 'root'],
    ['/dev/fd', 'fds'],
    ['a//b/./c/../c', 'crooked'],
  ]
  for (const [target, name] of links) symlinkSync(target, `${top}/${name}`)
  return top
}

const COMPONENTS = [
  ...[
    'a',
    'b',
    'c',
    'file',
    'up',
    'down',
    'self',
    'loop',
    'ping',
    'dangling',
    'slash',
    'no-slash',
    'absolute',
  ],
  ...[
    'cwd',
    'me',
    'thread',
    'root',
    'fds',
    'crooked',
    '..',
    '.',
    '',
    'none',
    '12',
    'proc',
    'status',
    'exe',
    '0',
  ],
  ...['task', 'fd', `${process.pid}`, 'thread-self', 'etc', 'passwd', 'x'.repeat(256)],
]

/** The kernel's answer for this process: an object, or -errno. */
function kernel(start: number, path: string, follow: boolean): number {
  return syscall(OPENAT, start, pathBytes(path), O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW), 0)
}

const identity = (fd: number): string => {
  const { dev, ino } = fstatSync(fd)
  return `${dev} ${ino} ${nameOf(fd)}`
}

function outcome({ kind, fd, errno }: Found): string {
  return kind === 'object' ? identity(fd) : `errno ${errno}`
}

function expected(start: number, path: string, follow: boolean): string {
  const fd = kernel(start, path, follow)
  if (fd < 0) return `errno ${-fd}`
  try {
    return identity(fd)
  } finally {
    closeObject(fd)
  }
}

const paths = fc
  .tuple(
    fc.constantFrom('', '', '', '/', '/proc/', '/dev/'),
    fc.array(fc.constantFrom(...COMPONENTS), { minLength: 1, maxLength: 7 }),
  )
  .map(([start, parts]) => `${start}${parts.join('/')}`)
  .filter(path => path !== '')

/** The paths of descriptors that exist for a moment differ between two looks. */
const isSteady = (path: string): boolean => !/(?:fds|fd)\/+[^.]/.test(path)

for (const [name, find] of [
  ['the exact way', (base: number, path: string, follow: boolean) => walk(base, path, follow, VIEWER)],
  [
    'the fast way',
    (base: number, path: string, follow: boolean) => resolve({ base, path: pathBytes(path) }, follow, VIEWER),
  ],
] as const)
  test(`${name} finds what the kernel finds`, context => {
    const top = tree(context)
    const start = openThrough(-100, pathBytes(top))
    context.after(() => closeObject(start))
    fc.assert(
      fc.property(paths.filter(isSteady), fc.boolean(), (path, follow) => {
        const base = path.startsWith('/') ? -1 : start
        const found = find(base, path, follow)
        try {
          // Another process is refused, whatever the kernel would say.
          if (found.kind !== 'stranger') assert.equal(outcome(found), expected(start, path, follow))
        } finally {
          closeFound([found])
        }
      }),
      { numRuns: 3000 },
    )
  })

test('a path that links make very long is given up', context => {
  const top = temporaryDirectory(context)
  symlinkSync('./a/../'.repeat(50), `${top}/end`)
  mkdirSync(`${top}/a`)
  for (let level = 0; level < 20; level++)
    symlinkSync(`${'./a/../'.repeat(50)}${level === 0 ? 'end' : `link${level - 1}`}`, `${top}/link${level}`)
  const errnoOf = (name: string): number => {
    const found = walk(-1, `${top}/${name}`, true, VIEWER)
    closeFound([found])
    return found.errno
  }
  assert.equal(errnoOf('link2'), 0)
  assert.equal(errnoOf('link19'), 40)
})
