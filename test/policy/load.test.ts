/** Policies in files: JSON, modules, and files that extend each other. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { loadPolicy, type Policy } from '#glassbox/index.js'
import { type Json, JsonError, readJson } from '#glassbox/policy/files/json.js'
import { resolvePolicy } from '#glassbox/policy/resolve.js'
import { temporaryDirectory } from '../support/temporary.js'

/** Writes the files into a directory, and returns the path of the first. */
function written(context: TestContext, files: Readonly<Record<string, unknown>>): string {
  const directory = temporaryDirectory(context)
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), typeof contents === 'string' ? contents : JSON.stringify(contents))
  }
  return join(directory, Object.keys(files)[0] ?? '')
}

const allow = { kind: 'allow' }
const kill = { kind: 'kill' }

test('numbers of conditions are numbers, decimal text or hexadecimal text', async context => {
  const condition = (value: unknown): object => ({ arg: 0, op: 'eq', value })
  const when = ['0xffffffffffffffff', '18446744073709551615', 7].map(condition)
  const file = written(context, {
    'a.json': { $schema: 'any', otherwise: allow, rules: [{ syscalls: ['read'], when, action: kill }] },
  })
  const { rules = [] } = await loadPolicy(file)
  const largest = 2n ** 64n - 1n
  assert.deepEqual(
    rules[0]?.when?.map(({ value }) => value),
    [largest, largest, 7n],
  )
  const exact =
    '{"otherwise":{"kind":"allow"},"rules":[{"syscalls":["read"],"when":[{"arg":0,"op":"eq","value":18446744073709551615}],"action":{"kind":"kill"}}]}'
  const number = await loadPolicy(written(context, { 'b.json': exact }))
  assert.equal(number.rules?.[0]?.when?.[0]?.value, largest, 'also beyond 2 ** 53')
})

test('files extend presets, objects and files beside them', async context => {
  const rule = (name: string): object => ({ syscalls: [name], action: kill })
  const file = written(context, {
    'a.json': {
      extends: ['./inner/b.json', { rules: [rule('write')], extends: 'inner/c.mjs' }],
      rules: [rule('read')],
    },
    'inner/b.json': { rules: [rule('close')], extends: '../d.json' },
    'inner/c.mjs': `export default { rules: [${JSON.stringify(rule('dup'))}], otherwise: { kind: 'kill' } }`,
    'd.json': { rules: [rule('pipe')], otherwise: allow },
  })
  const { rules, otherwise } = resolvePolicy(await loadPolicy(file))
  assert.deepEqual(
    rules.map(({ syscalls }) => syscalls[0]),
    ['read', 'close', 'pipe', 'write', 'dup'],
  )
  assert.deepEqual(otherwise, allow)
})

test('a cycle of files is refused, also through a link', async context => {
  const file = written(context, {
    'a.json': { extends: './b.json' },
    'b.json': { otherwise: allow, extends: [{ extends: './link.json' }] },
  })
  symlinkSync(file, join(dirname(file), 'link.json'))
  await assert.rejects(loadPolicy(file), {
    code: 'ERR_GLASSBOX_INVALID_OPTION',
    message: /link\.json extends itself, by .*a\.json → .*b\.json → .*a\.json/,
  })
})

test('an error in a base names the base', async context => {
  const file = written(context, { 'a.json': { extends: './b.json' }, 'b.json': '{\n"rules": 5}' })
  await assert.rejects(loadPolicy(file), { message: /b\.json:2: Expected policy\.rules to be a list/ })
})

test('modules are values with handlers, and their faults are told in one sentence', async context => {
  const load = async (text: string, name = 'a.mjs'): Promise<unknown> =>
    loadPolicy(written(context, { [name]: text }))
  const handler = "{ kind: 'decide', handler: () => 'allow' }"
  await load(`export default { extends: 'node', rules: [{ syscalls: ['socket'], action: ${handler} }] }`)
  await load("module.exports = { extends: 'node' }", 'a.cjs')
  await assert.rejects(load("export default { extends: 'nod' }"), {
    message: /a\.mjs: policy\.extends: There is no preset called "nod"/,
    hint: 'Did you mean node?',
  })
  await assert.rejects(load('export const policy = {}'), { message: /has no default export/ })
  await assert.rejects(load("throw new Error('mine')"), { message: /a\.mjs:1 cannot be loaded: mine\./ })
  await assert.rejects(load('export default {\n'), {
    message: /a\.mjs:2 cannot be loaded: Unexpected end of input/,
  })
  await assert.rejects(load('const answers = {\n  a: 1\n  b: 2\n}'), {
    message: /a\.mjs:3 cannot be loaded: /,
  })
  const typescript = load("export default { extends: 'node' as const }", 'a.mts')
  const strips = 'typescript' in process.features && process.features['typescript'] !== false
  if (strips) await typescript
  else await assert.rejects(typescript, { message: /cannot load TypeScript/, hint: /Node 22\.18/ })
})

for (const [answer, why] of [
  ['', "to be 'allow', 'kill' or \\{ errno \\}, got undefined"],
  ["return 'perhaps'", 'got "perhaps"'],
  ['return 7', 'got 7'],
  ['return { errno: 5000 }', 'errno to be at most 4095, got 5000'],
  ['return { error: 1 }', 'has no key called error'],
] as const)
  test(`a handler of a module that answers nonsense is named: ${answer}`, async context => {
    const action = `{ kind: 'decide', handler() { ${answer} } }`
    const text = `export default { extends: 'node', rules: [{ syscalls: ['getppid'], action: ${action} }] }`
    const { rules } = await loadPolicy(written(context, { 'a.mjs': text }))
    const decide = rules?.[0]?.action as unknown as { handler: () => Promise<unknown> }
    await assert.rejects(decide.handler(), {
      message: new RegExp(`a\\.mjs: policy\\.rules\\[0\\]\\.action\\.handler failed: .*${why}`),
    })
  })

test('a module that awaits for ever is an error, and not the end of the process', async context => {
  const file = written(context, { 'a.mjs': 'await new Promise(() => {})' })
  const loading = `import(process.argv[1]).then(({ loadPolicy }) => loadPolicy(process.argv[2])).catch(error => {
    console.log(error.message)
  })`
  const index = import.meta.resolve('#glassbox/index.js')
  const { stdout, status } = spawnSync(process.execPath, ['-e', loading, index, file], { encoding: 'utf8' })
  assert.deepEqual(
    [status, stdout],
    [0, `${file} cannot be loaded: it waits for something that never happens.\n`],
  )
})

test('a pattern that stands twice in a list is an error', async context => {
  const file = written(context, {
    'a.json': '{ "extends": "node",\n "paths": { "read": ["/a", "/b", "/a"] } }',
  })
  await assert.rejects(loadPolicy(file), {
    message: /a\.json:2: policy\.paths\.read\[2\]: the pattern "\/a" is at policy\.paths\.read\[0\] too/,
  })
})

test('a handler of a module that fails is named', async context => {
  const handler = "async () => { throw new TypeError('mine\\nsecond') }"
  const rule = `{ syscalls: ['getpid'], action: { kind: 'decide', handler: ${handler} } }`
  const base = `{ extends: 'node', rules: [${rule}] }`
  const text = `export default { extends: [${base}], rules: [{ ...${rule}, syscalls: ['getppid'] }] }`
  const { rules, extends: bases } = await loadPolicy(written(context, { 'a.mjs': text }))
  const call = { syscall: 'getpid', args: [], text: '', pid: 1 }
  for (const [key, of] of [
    ['policy', rules],
    ['policy.extends', (bases as readonly Policy[])[0]?.rules],
  ] as const) {
    const action = of?.[0]?.action
    assert.ok(action?.kind === 'decide')
    await assert.rejects(async () => action.handler(call), {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
      message: new RegExp(`a\\.mjs: ${key}\\.rules\\[0\\]\\.action\\.handler failed: mine\\.$`),
    })
  }
})

test('a file that cannot be read', async context => {
  const directory = temporaryDirectory(context)
  await assert.rejects(loadPolicy(join(directory, 'none.json')), { message: /No such file or directory/ })
  await assert.rejects(loadPolicy(directory), { message: /Is a directory/ })
})

for (const text of [
  '1e3',
  '-0',
  '"\\u00e9\\n"',
  '[1, [], {}]',
  '{"a": {"b": [true, null]}}',
  ' "x" ',
  '1.5',
  '\ufeff1',
])
  test(`${JSON.stringify(text)} is read as by JSON.parse`, () => {
    const plain = (value: Json): unknown => JSON.parse(JSON.stringify(value)) as unknown
    assert.deepEqual(
      plain(readJson(text, 'policy').value),
      plain(JSON.parse(text.replace('\ufeff', '')) as Json),
    )
  })

for (const [text, line, message] of [
  ['', 1, /a value, got the end of the file/],
  ['{"a": 1,}', 1, /a key in quotation marks, got "\}"/],
  ['[1\n2]', 2, /a comma or "\]", got "2"/],
  ['{"a"\n: 1\n"b"}', 3, /a comma or "\}"/],
  ['tru', 1, /a value, got "tru"/],
  ['01', 1, /the end of the file, got "1"/],
  ['"a\nb"', 1, /a value/],
  ["{'a': 1}", 1, /a key in quotation marks/],
  ['{"a": 1, "a": 2}', 1, /the key "a" is there twice/],
  ['['.repeat(500), 1, /nested too deep/],
] as const)
  test(`${JSON.stringify(text.slice(0, 20))} is refused with its line`, () => {
    assert.throws(
      () => readJson(text, 'policy'),
      error => error instanceof JsonError && error.line === line && message.test(error.message),
    )
  })

test('lines of values, and of what contains them', () => {
  const text = readJson('{\n"a": [\n1,\n{\n"b": 2}],\n"__proto__": 3}', 'policy')
  const lines = [
    'policy',
    'policy.a',
    'policy.a[0]',
    'policy.a[1].b',
    'policy.a[1].b.c',
    'policy.a[7]',
    'policy.x',
  ]
  assert.deepEqual(
    lines.map(path => text.lineOf(path)),
    [1, 2, 3, 5, 5, 2, 1],
  )
  assert.deepEqual(Object.keys(text.value as object), ['a', '__proto__'])
})
