/**
 * The house: imports point down. A file may import from its own folder and from those below it,
 * never up or across.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../../packages/glassbox/src/', import.meta.url))

/** From the roof to the ground; the members of one floor do not know each other. */
const FLOORS = [
  ['index.ts', 'cli'],
  ['doctor', 'isolate', 'strace'],
  ['pool'],
  ['run'],
  ['runners'],
  ['kernel'],
  ['container', 'supervisor'],
  ['stdio'],
  ['job'],
  ['ptrace'],
  ['trace', 'unwind'],
  ['landlock'],
  ['policy'],
  ['cgroup', 'rootfs', 'seccomp'],
  ['launch'],
  ['plan'],
  ['place'],
  ['gate'],
  ['decode'],
  ['codec'],
  ['linux'],
  ['options'],
  ['errors.ts', 'printable.ts', 'suggest.ts'],
]

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
const room = (path: string): string => path.split('/')[0] ?? ''
const floor = (path: string): number => FLOORS.findIndex(rooms => rooms.includes(room(path)))

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8')
  const found = [...text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map(match => match[1] ?? '')
  return found.map(path => relative(source, join(source, dirname(file), path)))
}

test('every file stands on a floor of the house', () => {
  assert.deepEqual(
    files.filter(file => floor(file) < 0),
    [],
  )
})

test('no import points up or across', () => {
  const wrong = files.flatMap(file =>
    importsOf(file)
      .filter(target => room(target) !== room(file) && floor(target) <= floor(file))
      .map(target => `${file} imports ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('no circle of files', () => {
  const graph = new Map(files.map(file => [file, importsOf(file)]))
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `a circle: ${[...path, file].join(' → ')}`)
    if (done.has(file)) return
    for (const next of graph.get(file) ?? []) visit(next, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
})

test('no file is longer than 400 lines, but tables of facts', () => {
  const long = files
    .filter(file => !file.includes('generated/'))
    .filter(file => statSync(join(source, file)).isFile())
    .filter(file => readFileSync(join(source, file), 'utf8').split('\n').length > 401)
  assert.deepEqual(long, [])
})

test('no folder has more than twenty files side by side', () => {
  const counts = new Map<string, number>()
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1)
  assert.deepEqual(
    [...counts].filter(([, count]) => count > 20),
    [],
  )
})

/** What a room may not know, although it lies below. */
const STRANGERS: readonly (readonly [from: RegExp, to: RegExp, but?: RegExp])[] = [
  // The API knows the contract of the runners, and one door of each.
  [/^(run|pool|doctor|cli)\//, /^runners\//, /^runners\/(runner|\w+\/runner)\.ts$/],
  [/^(run|pool|job|stdio)\//, /^(container|cgroup|rootfs|ptrace|plan)\//],
  [/^runners\/namespace\//, /^runners\/(ptrace|kernel)\//],
  [/^runners\/ptrace\//, /^runners\/(namespace|kernel)\//],
  [/^runners\/ptrace\//, /^container\//],
  [/^runners\/runner\.ts$/, /^(runners\/\w+\/|container|cgroup|rootfs|ptrace|plan)/],
  // A box and a trace start processes by launch/, and do not know each other.
  [/^container\//, /^(ptrace|trace)\//],
  // isolate is built on containers, not on runners; its front only makes values and texts.
  [/^isolate\//, /^(run|pool|runners|supervisor|ptrace|trace|policy|unwind)\//],
  [/^isolate\/front\//, /^(container|cgroup|rootfs|launch|plan|gate)\//],
  [/^isolate\/front\//, /^isolate\//, /^isolate\/(front\/|types\.ts$)/],
  // An output of a trace does not know where the trace comes from.
  [/^strace\//, /^ptrace\//],
]

test('no room knows the parts of a runner, or the source of a trace', () => {
  const wrong = files.flatMap(file =>
    importsOf(file)
      .filter(target =>
        STRANGERS.some(([from, to, but]) => from.test(file) && to.test(target) && !but?.test(target)),
      )
      .map(target => `${file} imports ${target}`),
  )
  assert.deepEqual(wrong, [])
})

/** The floors inside of kernel/, from the roof to the ground. */
const KERNEL_FLOORS = ['world', 'syscalls', 'task', 'fs', 'mm', 'wait', 'platform']

test('imports inside of the kernel point down too', () => {
  const kernelFloor = (path: string): number => KERNEL_FLOORS.indexOf(path.split('/')[1] ?? '')
  const inside = files.filter(file => room(file) === 'kernel')
  assert.ok(inside.length > 10)
  assert.deepEqual(
    inside.filter(file => kernelFloor(file) < 0),
    [],
  )
  const wrong = inside.flatMap(file =>
    importsOf(file)
      .filter(target => room(target) === 'kernel' && kernelFloor(target) < kernelFloor(file))
      .map(target => `${file} imports ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('nothing above the platform knows that ptrace exists', () => {
  const above = files.filter(file => /^kernel\/(?!platform\/)/.test(file))
  const wrong = above.flatMap(file =>
    importsOf(file)
      .filter(target => /^kernel\/platform\/\w+\/|^ptrace\/|^gate\/(ptrace|guest)\.ts$/.test(target))
      .map(target => `${file} imports ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('an output asks the subject of a trace, never the /proc of the host', () => {
  const outputs = files.filter(file => ['strace', 'trace', 'unwind'].includes(room(file)))
  assert.ok(outputs.length > 60)
  // Comments may name what the text of strace is made of.
  const code = (file: string): string =>
    readFileSync(join(source, file), 'utf8').replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '')
  assert.deepEqual(
    outputs.filter(file => /\/proc\b|\/sys\//.test(code(file))),
    [],
  )
})

test('the strace command is given its source of traces: it imports none', () => {
  const wrong = files
    .filter(file => room(file) === 'strace')
    .flatMap(file => importsOf(file).map(target => [file, target] as const))
    .filter(([, target]) => ['ptrace', 'runners', 'container', 'kernel'].includes(room(target)))
  assert.deepEqual(wrong, [])
})
