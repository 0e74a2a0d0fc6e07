/** From what was seen of a program to its policy: which patterns stand for which files. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { learnedPolicy } from '#glassbox/cli/policy/learn/generalize.js'
import type { FileUse, Watched } from '#glassbox/cli/policy/learn/record.js'
import { validatePolicy } from '#glassbox/policy/check.js'
import type { PathRules } from '#glassbox/index.js'

type Seen = readonly (readonly [use: FileUse, path: string])[]

const watched = (files: Seen): Watched => ({
  program: '/usr/bin/tool',
  syscalls: ['openat', 'read'],
  files: files.map(([use, path]) => ({ use, path })),
  foreign: false,
})

/** The rules about paths without the program itself. */
function pathsOf(files: Seen, how: { work?: string; isNamed?: boolean; files?: number } = {}): PathRules {
  const policy = learnedPolicy(watched(files), 'tool', { work: '/home/me/work', files: 3, ...how })
  const { execute = [], ...paths } = validatePolicy(policy).paths ?? {}
  const others = execute.filter(pattern => pattern !== '{program}')
  assert.ok(execute.includes('{program}'))
  return others.length > 0 ? { ...paths, execute: others } : paths
}

test('files are granted by their names, those of the working directory by {work}', () => {
  const seen = [
    ['read', '/etc/hosts'],
    ['read', '/home/me/work/in.txt'],
    ['read', '/home/me/workshop'],
    ['write', '/dev/null'],
    ['execute', '/usr/bin/tool'],
    ['execute', '/usr/lib/ld.so'],
    ['list', '/usr/share/fonts'],
  ] as const
  assert.deepEqual(pathsOf(seen), {
    write: ['/dev/null'],
    execute: ['/usr/lib/ld.so'],
    read: ['/etc/hosts', '/home/me/workshop', '{work}/in.txt'],
    list: ['/usr/share/fonts/'],
  })
})

test('who looks for the name of its user may do so as a user without a name', () => {
  const rulesOf = (files: Seen): readonly string[] => {
    const policy = learnedPolicy(watched(files), 'tool', { work: '/w', files: 3 })
    return (validatePolicy(policy).rules ?? []).flatMap(({ syscalls, when }) => (when ? syscalls : []))
  }
  assert.deepEqual(rulesOf([['read', '/etc/nsswitch.conf']]), ['prctl', 'socket'])
  assert.deepEqual(rulesOf([['read', '/etc/passwd']]), [])
})

test('what is created needs its directory, which then covers what is below it', () => {
  const seen = [
    ['create', '/home/me/work/out/a.txt'],
    ['read', '/home/me/work/out/a.txt'],
    ['list', '/home/me/work/out'],
    ['read', '/home/me/work/out/deep/b.txt'],
    ['create', '/x'],
  ] as const
  assert.deepEqual(pathsOf(seen), { write: ['/', '{work}/out/'] })
  assert.deepEqual(pathsOf([['create', '/home/me/work/a']]), { write: ['{work}/'] })
})

test('many files of one directory stand for the directory, but not in directories of many owners', () => {
  const many = (directory: string): Seen => ['a', 'b', 'c'].map(name => ['read', `${directory}/${name}`])
  assert.deepEqual(pathsOf(many('/usr/lib/x')), { read: ['/usr/lib/x/'] })
  assert.deepEqual(pathsOf(many('/etc')), { read: ['/etc/a', '/etc/b', '/etc/c'] })
  assert.deepEqual(pathsOf(many('/usr/lib/x'), { files: Infinity }).read?.length, 3)
  assert.deepEqual(pathsOf([...many('/usr/lib/x'), ['read', '/usr/lib/x/deep/d']]), { read: ['/usr/lib/x/'] })
})

test('a file that is executed or written is not granted for reading too', () => {
  const seen = [
    ['read', '/usr/bin/sort'],
    ['execute', '/usr/bin/sort'],
    ['read', '/var/log/x'],
    ['write', '/var/log/x'],
  ] as const
  assert.deepEqual(pathsOf(seen), { write: ['/var/log/x'], execute: ['/usr/bin/sort'] })
})

test('a file whose name no pattern can express is granted by its directory', () => {
  for (const name of ['a*b', 'what?', '{a,b}'])
    assert.deepEqual(pathsOf([['read', `/srv/data/${name}`]]), { read: ['/srv/data/'] }, name)
})

test('the root is not {work}', () => {
  assert.deepEqual(pathsOf([['read', '/etc/hosts']], { work: '/' }), { read: ['/etc/hosts'] })
})

test('files that the command line names by their absolute path are granted by it too', () => {
  const seen = [
    ['read', '/home/me/work/in.txt'],
    ['create', '/home/me/work/out.txt'],
  ] as const
  assert.deepEqual(pathsOf(seen, { isNamed: true }).read, ['/home/me/work/in.txt'])
  assert.deepEqual(pathsOf(seen, { isNamed: true }).write, ['{work}/'])
})

test('calls that tell who runs the program are allowed: root is another user in a sandbox', () => {
  const { rules = [] } = learnedPolicy(watched([]), 'tool', { work: '/w', files: 8 })
  for (const call of ['getgid', 'getresgid', 'setgid']) assert.ok(rules[1]?.syscalls.includes(call), call)
  assert.ok(!rules[1]?.syscalls.includes('vfork'))
  const forks = { ...watched([]), syscalls: ['openat', 'fork'] }
  const { rules: others = [] } = learnedPolicy(forks, 'tool', { work: '/w', files: 8 })
  assert.ok(others[1]?.syscalls.includes('vfork'), 'if root forks, another user may vfork')
})

test('calls that depend on chance are allowed apart from those that were seen', () => {
  const { rules = [], otherwise } = learnedPolicy(watched([]), 'tool', { work: '/w', files: 8 })
  assert.deepEqual(rules[0]?.syscalls, ['openat', 'read'])
  assert.ok(rules[1]?.syscalls.includes('futex') && !rules[1].syscalls.includes('read'))
  assert.deepEqual(otherwise, { kind: 'kill' })
})

test('a file that was made and executed needs a directory, because it is not there at the start', () => {
  const seen = [
    ['create', '/home/me/work/main'],
    ['execute', '/home/me/work/main'],
    ['execute', '/home/me/work/there'],
  ] as const
  assert.deepEqual(pathsOf(seen), { write: ['{work}/'], execute: ['{work}/'] })
  assert.deepEqual(pathsOf(seen.slice(2)), { execute: ['{work}/there'] })
})

test('temporary files may be in the working directory, and have other names the next time', () => {
  const seen = [
    ['create', '/tmp/go-build1'],
    ['create', '/tmp/go-build1/exe/m'],
    ['execute', '/tmp/go-build1/exe/m'],
  ] as const
  assert.deepEqual(pathsOf(seen), { write: ['/tmp/', '{work}/'], execute: ['/tmp/', '{work}/'] })
  assert.deepEqual(pathsOf(seen.slice(0, 1)), { write: ['/tmp/', '{work}/'] })
})

test('the group of a program has another name each time', () => {
  const group = '/sys/fs/cgroup/memory/glassbox-1'
  assert.deepEqual(
    pathsOf([
      ['read', `${group}/memory.limit_in_bytes`],
      ['list', group],
    ]),
    { read: ['/sys/fs/cgroup/'] },
  )
})
