/** `glassbox policy show` and `explain`: what they print, and how they refuse bad input. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadPolicy } from '#glassbox/index.js'
import { PRESETS } from '#glassbox/policy/presets/presets.js'
import { resolvePolicy } from '#glassbox/policy/resolve.js'
import { callRulesOf } from '#glassbox/runners/namespace/call-rules.js'
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import { glassbox } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

for (const name of Object.keys(PRESETS)) {
  test(`show --json ${name} prints a policy file with the same meaning`, async context => {
    const { out, code } = glassbox(['policy', 'show', '--json', name])
    assert.equal(code, 0)
    const file = join(temporaryDirectory(context), 'policy.json')
    writeFileSync(file, out)
    const again = resolvePolicy(await loadPolicy(file))
    const preset = resolvePolicy(name)
    assert.deepEqual(compilePolicy(callRulesOf(again)), compilePolicy(callRulesOf(preset)))
    assert.equal(again.name, preset.name)
    assert.deepEqual(new Set(again.paths?.rules), new Set(preset.paths?.rules))
  })
}

test('show prints rules, reasons and files in lines of a terminal', () => {
  const { out, code } = glassbox(['policy', 'show', 'python3'])
  assert.equal(code, 0)
  assert.match(out, /^Policy python3\nCalls; of the rules for a call, the first that matches decides:\n/)
  assert.match(out, /refused with EACCES +programs try out which networks there are\n +socket, connect/)
  assert.match(out, /clone if flags has\s+CLONE_PTRACE\|/)
  assert.match(out, /prctl if option = PR_SET_NAME or PR_GET_NAME/)
  assert.match(out, /ends the program +every other call/)
  assert.match(out, /may be written\n +\{work\}\/, \/dev\/null, \/dev\/tty\n/)
  assert.match(out, /Any other use: refused with EACCES\./)
  for (const line of out.split('\n')) assert.ok(line.length <= 80 || !line.trim().includes(' '), line)
})

test('explain prints the way of every call once, and why', () => {
  const { out, code } = glassbox(['policy', 'explain', '--json', 'default'])
  assert.equal(code, 0)
  const { calls, tier } = JSON.parse(out) as {
    tier: string
    calls: { syscalls: string[]; ways: { when: string[]; way: string; why?: string }[] }[]
  }
  const of = (name: string): string[] =>
    calls.find(({ syscalls }) => syscalls.includes(name))?.ways.map(({ way }) => way) ?? []
  assert.equal(tier, 'named')
  assert.deepEqual(of('read'), ['allowed by the filter'])
  assert.deepEqual(of('socket'), ['refused with EACCES', 'ends the program'])
  assert.deepEqual(of('ptrace'), ['ends the program'])
  assert.deepEqual(of('clone3'), ['refused with ENOSYS'])
  assert.equal(of('openat').at(-1), 'judged by path by the tracer, then made; Landlock is the wall')
  assert.equal(of('chown').at(-1), 'judged by path and made by the tracer')
  assert.match(of('clone').at(-1) ?? '', /counted by the tracer/)
  const all = calls.flatMap(({ syscalls }) => syscalls)
  assert.equal(new Set(all).size, all.length)
  assert.ok(all.length > 350)
})

test('explain prints budgets, handlers and silent walls of a policy file', context => {
  const file = join(temporaryDirectory(context), 'policy.mjs')
  writeFileSync(
    file,
    `const decide = { kind: 'decide', handler: () => 'allow' }
    export default {
      extends: 'default',
      rules: [
        { syscalls: ['socket'], action: decide, why: 'mine' },
        { syscalls: ['getpid'], atMost: 3, action: { kind: 'allow' } },
        { syscalls: ['getpid'], action: { kind: 'errno', errno: 1 } },
      ],
      paths: { tier: 'silent' },
    }`,
  )
  const { out, code } = glassbox(['policy', 'explain', file])
  assert.equal(code, 0)
  assert.match(out, /files in the tier silent/)
  assert.match(out, /^ {2}socket\n.*decided by a handler \(mine\)\n/ms)
  assert.match(out, /^ {2}getpid\n {6}the first 3: allowed; later: refused with EPERM\n/m)
  assert.match(out, /allowed if Landlock grants the path/)
})

for (const [what, text, message] of [
  ['no JSON', '{"rules": [}', /policy\.json:1: expected a value, got "\}"\./],
  [
    'a key twice',
    '{\n"extends": "node",\n"extends": "node"}',
    /policy\.json:3: the key "extends" is there twice/,
  ],
  [
    'an unknown call',
    '{\n "extends": "node",\n "rules": [\n  { "syscalls": ["raed"],\n "action": { "kind": "kill" } }\n ]\n}',
    /policy\.json:4: policy\.rules\[0\]\.syscalls\[0\]: There is no system call called "raed".*Did you mean read\?/,
  ],
  [
    'a duplicate rule',
    '{"extends": "node", "rules": [\n{"syscalls":["read"],"action":{"kind":"kill"}},\n{"syscalls":["read"],"action":{"kind":"kill"}}]}',
    /policy\.json:3: policy\.rules\[1\] can never match/,
  ],
  [
    'a relative path',
    '{"extends": "node", "paths": {\n"read": [\n"lib"]}}',
    /policy\.json:3: policy\.paths\.read\[0\]: the pattern "lib" is relative/,
  ],
  ['a cycle', '{"extends": "./policy.json"}', /policy\.json extends itself/],
  [
    'an unknown preset',
    '{"extends": "nodee"}',
    /policy\.json:1:.*no preset called "nodee".*Did you mean node\?/,
  ],
  [
    'an unknown key',
    '{"extends": "node",\n"ruels": []}',
    /policy\.json:2: .*no key called ruels.*Did you mean rules/,
  ],
  [
    'a missing base',
    '{\n"extends": "./none.json"}',
    /policy\.json:2: there is no policy file \.\/none\.json/,
  ],
  [
    'a handler',
    '{"extends":"node","rules":[{"syscalls":["kill"],"action":{"kind":"decide"}}]}',
    /to be a function/,
  ],
] as const) {
  test(`a policy file with ${what} is one sentence with file and line, and exit code 125`, context => {
    const file = join(temporaryDirectory(context), 'policy.json')
    writeFileSync(file, text)
    for (const command of [
      ['policy', 'show', file],
      ['policy', 'explain', file],
      ['run', '--policy', file, 'true'],
    ]) {
      const { code, out, err } = glassbox(command)
      assert.deepEqual([code, out], [125, ''])
      assert.match(err, message)
      assert.equal(err.trim().split('\n').length, 1, err)
    }
  })
}

for (const [what, words, message] of [
  ['no subcommand', [], /No subcommand was given\. Use one of show/],
  ['a misspelt one', ['shwo'], /has no subcommand shwo\. Did you mean show\?/],
  ['no policy', ['show'], /No policy was given/],
  ['two policies', ['show', 'node', 'java'], /takes one policy, but java was given too/],
  [
    'an unknown preset',
    ['explain', 'pyhton3'],
    /neither a preset nor a file called pyhton3\. Did you mean python3\?/,
  ],
  [
    'a missing file',
    ['show', './none.json'],
    /Cannot read the policy \.\/none\.json: No such file or directory/,
  ],
  ['another network', ['explain', '--net', 'some', 'node'], /--net: expected none or host, got some/],
  ['an unknown option', ['show', '--jsno', 'node'], /Unknown option --jsno\. Did you mean --json\?/],
] as const) {
  test(`${what}: one sentence, and exit code 125`, () => {
    const { code, out, err } = glassbox(['policy', ...words])
    assert.deepEqual([code, out], [125, ''])
    assert.match(err, message)
  })
}

test('help of the command and of its subcommands', () => {
  const { out, code } = glassbox(['policy', '--help'])
  assert.equal(code, 0)
  assert.match(out, /glassbox policy show \[--json\] NAME\|FILE/)
  assert.match(glassbox(['policy', 'explain', '--help']).out, /^Usage: glassbox policy explain/)
})

for (const runner of ['namespace', 'ptrace']) {
  test(`run --policy takes a preset or a file: ${runner}`, context => {
    const file = join(temporaryDirectory(context), 'policy.json')
    const kill = { syscalls: ['uname'], action: { kind: 'kill' } }
    writeFileSync(file, JSON.stringify({ extends: 'shell', rules: [kill] }))
    const command = (policy: string): readonly string[] => [
      ...['run', '--runner', runner, '--policy', policy, '--', 'sh', '-c', 'uname'],
    ]
    assert.deepEqual(glassbox(command('shell')).out, 'Linux\n', 'the preset allows it')
    const { code, err } = glassbox([...command(file).slice(0, -3), 'uname'])
    assert.equal(code, 159)
    assert.match(err, /uname/)
  })
}
