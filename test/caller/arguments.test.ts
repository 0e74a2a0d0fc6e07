/** Calls with arguments that there are not, and with those of other libraries. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Box, createPool, openBox, run, trace } from '#glassbox/index.js'
import { scriptedRunner } from '../support/scripted-runner.js'

const runner = scriptedRunner(() => ({}))
const box = await Box.open({}, () => runner)
after(() => box.close())
const any = (value: unknown): never => value as never
/** Calls with arguments that the types do not allow. */
const call = (of: object, name: string, ...args: unknown[]): unknown =>
  (of as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args)
const done = (): void => {}

const CASES: readonly [string, () => unknown, option: string, message: RegExp, hint: RegExp][] = [
  [
    'run() with a callback',
    () => call({ run }, 'run', 'true', [], {}, done),
    'arguments',
    /^run\(program, args, options\) takes no further argument, got a function/,
    /no callback/,
  ],
  [
    'run() with four arguments',
    () => call({ run }, 'run', 'true', [], {}, 'x'),
    'arguments',
    /got "x"/,
    /key of the options/,
  ],
  [
    'run() with options second',
    () => call({ run }, 'run', 'true', { cwd: '/' }),
    'args',
    /a list of arguments/,
    /options third: run\(program, \[\], options\)/,
  ],
  [
    'run() with words',
    () => call({ run }, 'run', 'echo', 'a', 'b'),
    'args',
    /a list of arguments, got "a"/,
    /\["a"\]/,
  ],
  ['box.run()', () => call(box, 'run', 'true', [], {}, done), 'arguments', /^box\.run/, /no callback/],
  [
    'readFile(path, "utf8")',
    () => call(box, 'readFile', 'a', 'utf8'),
    'options',
    /got "utf8"/,
    /bytes: Buffer\.from\(await box\.readFile\(path\)\)/,
  ],
  ['readFile(path, 5)', () => call(box, 'readFile', 'a', 5), 'options', /got 5/, /\{ maxBytes: 5 \}/],
  [
    'readFile() with a callback',
    () => call(box, 'readFile', 'a', {}, done),
    'arguments',
    /^box\.readFile\(path, options\)/,
    /no callback/,
  ],
  [
    'writeFile() with a mode',
    () => call(box, 'writeFile', 'a', 'x', 0o755),
    'options',
    /got 493/,
    /\{ mode: 0o755 \}/,
  ],
  [
    'writeFile() with an encoding',
    () => call(box, 'writeFile', 'a', 'x', 'latin1'),
    'options',
    /got "latin1"/,
    /Buffer\.from\(text, encoding\)/,
  ],
  [
    'writeFile() with four',
    () => call(box, 'writeFile', 'a', 'x', {}, done),
    'arguments',
    /^box\.writeFile/,
    /no callback/,
  ],
  [
    'makeDirectory() with three',
    () => call(box, 'makeDirectory', 'a', {}, 5),
    'arguments',
    /^box\.makeDirectory/,
    /options/,
  ],
  [
    'readDirectory() with options',
    () => call(box, 'readDirectory', '.', { withFileTypes: true }),
    'arguments',
    /^box\.readDirectory\(path\).*got \{ withFileTypes/,
    /./,
  ],
  [
    'remove() with options',
    () => call(box, 'remove', 'a', { recursive: true }),
    'arguments',
    /^box\.remove\(path\)/,
    /./,
  ],
  [
    'openBox() with two',
    () => call({ openBox }, 'openBox', {}, {}),
    'arguments',
    /^openBox\(options\)/,
    /options/,
  ],
  [
    'createPool() with two',
    () => call({ createPool }, 'createPool', { size: 1 }, done),
    'arguments',
    /^createPool/,
    /no callback/,
  ],
  [
    'trace() with three',
    () => call({ trace }, 'trace', { program: 'true' }, {}, done),
    'arguments',
    /^trace\(target, options\)/,
    /no callback/,
  ],
]

for (const [name, work, option, message, hint] of CASES) {
  test(`${name} is refused, with the right spelling`, async () => {
    const opened = runner.sandboxes.length
    await assert.rejects(async () => work(), { code: 'ERR_GLASSBOX_INVALID_OPTION', option, message, hint })
    assert.equal(runner.sandboxes.length, opened)
  })
}

test('a further argument that is undefined is none', async () => {
  await assert.doesNotReject(async () => call(box, 'run', 'true', [], {}, undefined))
  await assert.doesNotReject(async () => box.writeFile('a', 'x', any(undefined)))
})
