/** What may be said in `files` and `collect`: refused, by the key that says it, before there is any box. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { InvalidOptionError } from '#glassbox/index.js'
import { entryPath } from '#glassbox/options/record.js'
import { COLLECT, FILES } from '#glassbox/job/file-kinds.js'

const checkFiles = (files: unknown): unknown => FILES.read(files, 'files')
const checkCollect = (collect: unknown): unknown => COLLECT.read(collect, 'collect')
const own = (name: string, value: unknown): object => Object.fromEntries([[name, value]])
const LONG = 'x'.repeat(256)
const MANY = Array.from({ length: 3000 }, () => 'd').join('/')

const GOOD: readonly [string, unknown][] = [
  [
    'text and bytes of every kind',
    {
      a: '',
      b: new Uint8Array(1),
      c: new ArrayBuffer(1),
      d: new DataView(new ArrayBuffer(1)),
      e: new Blob(['x']),
    },
  ],
  ['contents with a mode', { a: { contents: 'x', mode: 0 }, b: { contents: Buffer.from('x'), mode: 0o777 } }],
  [
    'files of the host, by path and by URL',
    { a: { file: '/x' }, b: { file: pathToFileURL('/x'), mode: 0o755 } },
  ],
  ['directories', { a: { directory: true }, 'a/b': 'x', c: { file: '/x' }, 'c/d': 'x' }],
  [
    'names of objects',
    { constructor: 'x', toString: 'x', hasOwnProperty: { contents: 'x' }, ...own('__proto__', 'x') },
  ],
  ['names that are no text', { '\udcff': 'x', '😀': 'x' }],
  ['the longest name', { ['x'.repeat(255)]: 'x' }],
  ['a value that is left out', { a: { contents: 'x', mode: undefined, file: undefined } }],
  ['nothing', {}],
  ['a name that is left out', { a: undefined }],
  ['an object without prototype', Object.assign(Object.create(null) as object, { a: 'x' })],
]
for (const [name, files] of GOOD)
  test(`${name} can be files`, () => {
    checkFiles(files)
  })

const BAD: readonly [unknown, string, RegExp][] = [
  [new Map([['a', 'x']]), 'files', /got a Map/],
  [['a'], 'files', /got the array/],
  [null, 'files', /got null/],
  ['a', 'files', /got "a"/],
  [{ '../x': '' }, 'files["../x"]', /inside the working directory/],
  [{ '/x': '' }, 'files["/x"]', /inside/],
  [{ '': '' }, 'files[""]', /inside/],
  [{ '.': '' }, 'files["."]', /inside/],
  [{ 'a/../b': '' }, 'files["a/../b"]', /inside/],
  [{ 'a\0b': '' }, 'files["a\\u0000b"]', /inside/],
  [{ [LONG]: '' }, entryPath('files', LONG), /longer than 255 bytes/],
  [{ ['ü'.repeat(128)]: '' }, entryPath('files', 'ü'.repeat(128)), /longer than 255 bytes/],
  [{ [MANY]: '' }, entryPath('files', MANY), /longer than 4095 bytes/],
  [{ '\ud800': '' }, 'files["\\ud800"]', /half of a surrogate pair/],
  [{ a: '', './a': '' }, 'files["./a"]', /same file as files\["a"\]/],
  [{ a: '', 'a/': '' }, 'files["a/"]', /same file/],
  [{ a: '', 'a/b': '' }, 'files["a/b"]', /files\["a"\] is a file/],
  [{ 'a/b/c': '', a: { contents: '' } }, 'files["a/b/c"]', /files\["a"\] is a file/],
  [own('__proto__', 5), 'files["__proto__"]', /got 5/],
  [{ a: null }, 'files["a"]', /got null/],
  [{ a: 1 }, 'files["a"]', /got 1/],
  [{ a: ['x'] }, 'files["a"]', /got the array/],
  [{ a: {} }, 'files["a"]', /says nothing of what it is made of/],
  [{ a: { content: 'x' } }, 'files["a"].content', /no key called content/],
  [{ a: { contents: 'x', file: '/x' } }, 'files["a"]', /both contents and file/],
  [{ a: { contents: 5 } }, 'files["a"].contents', /text or bytes, got 5/],
  [{ a: { contents: 'x', mode: '755' } }, 'files["a"].mode', /got "755"/],
  [{ a: { contents: 'x', mode: 755 } }, 'files["a"].mode', /got 755/],
  [{ a: { contents: 'x', mode: -1 } }, 'files["a"].mode', /got -1/],
  [{ a: { contents: 'x', mode: 0.5 } }, 'files["a"].mode', /got 0\.5/],
  [{ a: { contents: 'x', mode: 0o4755 } }, 'files["a"].mode', /got 2541/],
  [{ a: { file: '' } }, 'files["a"].file', /a path of the host/],
  [{ a: { file: 'x\0' } }, 'files["a"].file', /a path of the host/],
  [{ a: { file: new URL('https://example.org/x') } }, 'files["a"].file', /got "https:/],
  [{ a: { file: new URL('file://elsewhere/x') } }, 'files["a"].file', /got "file:\/\/elsewhere/],
  [{ a: { directory: 'x' } }, 'files["a"].directory', /to be true/],
]
for (const [files, option, message] of BAD)
  test(`refused: ${option.slice(0, 40)}, ${String(message)}`, () => {
    assert.throws(
      () => checkFiles(files),
      (error: InvalidOptionError) => {
        assert.ok(error instanceof InvalidOptionError)
        assert.equal(error.option, option)
        assert.match(error.message, message)
        assert.ok(error.hint)
        return true
      },
    )
  })

test('the word that was probably meant is in the hint', () => {
  assert.throws(() => checkFiles({ a: { content: 'x' } }), { hint: 'Did you mean contents?' })
  assert.throws(() => checkFiles({ a: { file: 'x', mod: 1 } }), { hint: 'Did you mean mode?' })
  assert.throws(() => checkFiles({ a: { src: 'x' } }), { hint: 'Did you mean file?' })
  assert.throws(() => checkFiles({ a: { contents: 'x', mode: '755' } }), { hint: 'Write it as 0o755.' })
  assert.throws(() => checkFiles({ a: { contents: 'x', mode: 755 } }), { hint: 'Write it as 0o755.' })
})

test('collect takes names, or an object of names and where they go', () => {
  checkCollect(['a', 'b/c', '__proto__', 'constructor'])
  checkCollect({ a: true, b: { file: '/x' }, c: { file: pathToFileURL('/y') } })
})

const BAD_COLLECT: readonly [unknown, string][] = [
  ['out', 'collect'],
  [5, 'collect'],
  [new Set(['a']), 'collect'],
  [[1], 'collect[0]'],
  [['a', './a'], 'collect[1]'],
  [['../x'], 'collect[0]'],
  [{ a: false }, 'collect["a"]'],
  [{ a: { fil: 'x' } }, 'collect["a"].fil'],
  [{ a: { file: 5 } }, 'collect["a"].file'],
  [{ a: { file: '/x' }, b: { file: pathToFileURL('/y/../x') } }, 'collect["b"]'],
]
for (const [collect, option] of BAD_COLLECT)
  test(`refused: ${option} of ${JSON.stringify(collect)}`, () => {
    assert.throws(() => checkCollect(collect), { option, code: 'ERR_GLASSBOX_INVALID_OPTION' })
  })
