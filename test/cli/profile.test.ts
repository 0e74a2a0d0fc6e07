/** `--profile`: the options of a name or a file, and those that are given beside it. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { glassbox } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

test('--profile build starts in the current directory, and writes only there', context => {
  const cwd = temporaryDirectory(context)
  const script = 'pwd; echo hi > made; touch /usr/x 2>&1 | grep -o "Read-only file system"'
  const { code, out } = glassbox(['run', '--profile', 'build', '--', 'sh', '-c', script], { cwd })
  assert.equal(code, 0)
  assert.match(out, new RegExp(`^${cwd}\nRead-only file system\n`))
  assert.equal(readFileSync(join(cwd, 'made'), 'utf8'), 'hi\n')
})

test('options beside --profile take precedence; variables, binds and denied calls are added', context => {
  const cwd = temporaryDirectory(context)
  writeFileSync(
    join(cwd, 'mine.json'),
    JSON.stringify({
      extends: 'judge',
      env: { A: 'profile', B: 'profile' },
      binds: [{ source: '.', target: '/here' }],
      limits: { openFiles: 50, fileSizeBytes: '1M' },
    }),
  )
  const script = 'ulimit -n; ulimit -f; echo $A $B $PATH; ls /here /usr2 | head -n2; exit 3'
  const words = ['--profile', 'mine.json', '--open-files', '60', '--env', 'B=mine', '--bind', '/usr:/usr2']
  const { code, out } = glassbox(['run', ...words, '--', 'sh', '-c', script], { cwd })
  assert.equal(code, 3)
  assert.match(out, /^60\n2048\nprofile mine \/usr\/local\/bin:.*\n\/here:\nmine\.json\n$/)
  const denied = glassbox(
    [
      'run',
      '--profile',
      './mine.json',
      '--deny',
      'socket',
      '--',
      'python3',
      '-c',
      'import socket; socket.socket()',
    ],
    { cwd },
  )
  assert.match(denied.err, /denied system call: socket/)
})

test('a bad profile: one sentence, and nothing is started', context => {
  const cwd = temporaryDirectory(context)
  writeFileSync(join(cwd, 'key.json'), '{\n  "limits": { "memory": "1g" }\n}')
  writeFileSync(join(cwd, 'self.json'), '{ "extends": "self.json" }')
  for (const [name, message] of [
    ['biuld', /--profile: there is neither a profile nor a file called biuld\. Did you mean build\?/],
    ['none.json', /Cannot read the profile none\.json: No such file or directory\./],
    ['key.json', /key\.json:2: profile\.limits\.memory: .*Did you mean memoryBytes\?/],
    ['self.json', /self\.json extends itself/],
  ] as const) {
    const { code, out, err } = glassbox(['run', '--here', '--profile', name, '--', 'touch', 'started'], {
      cwd,
    })
    assert.deepEqual([code, out], [125, ''])
    assert.match(err, message)
    assert.equal(err.trim().split('\n').length, 1)
    assert.equal(existsSync(join(cwd, 'started')), false)
  }
})
