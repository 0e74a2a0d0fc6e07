/**
 * Sentences after the report: another program ran than the caller's PATH means, only a part of a
 * tool chain was there, or a path below /etc was named that the box does not show. Following the
 * sentence makes the program run.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { boxed, glassbox } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

function home(context: TestContext): {
  at: (name: string) => string
  write: (name: string, text: string) => string
} {
  const base = temporaryDirectory(context)
  chmodSync(base, 0o755)
  const at = (name: string): string => join(base, name)
  const write = (name: string, text: string): string => {
    mkdirSync(dirname(at(name)), { recursive: true })
    writeFileSync(at(name), text)
    chmodSync(at(name), 0o755)
    return at(name)
  }
  return { at, write }
}

/** The words after `for that one: ` or `for the rest: ` of the last sentence. */
const advice = (err: string): string[] =>
  /; for (?:that one|the rest): (.*)\n$/.exec(err)?.[1]?.split(' ') ?? []

test('a shim of pyenv before /usr/bin in the caller’s PATH is named, and then it runs', context => {
  const { at, write } = home(context)
  write('pyenv/versions/9/bin/python3', '#!/bin/sh\necho mine\n')
  write('pyenv/shims/python3', `#!/bin/sh\nexec "${at('pyenv')}/versions/9/bin/python3" "$@"\n`)
  const env = { PATH: `${at('pyenv/shims')}:${process.env['PATH'] ?? ''}` }
  const other = glassbox(['run', '--', 'python3', '--version'], { env })
  assert.match(other.out, /^Python 3/)
  assert.match(
    other.err,
    /\nglassbox: python3 was \/usr\/bin\/python3 of the box, and your PATH means .*shims\/python3; /,
  )
  const words = advice(other.err)
  assert.deepEqual(words.slice(0, 2), ['--bind', at('pyenv')])
  const { out, err } = glassbox(['run', ...words, '--', 'python3', '--version'], { env })
  assert.equal(out, 'mine\n')
  assert.doesNotMatch(err, /was \/usr/)
  assert.equal(glassbox(['run', '--quiet', '--', 'python3', '--version'], { env }).err, '')
})

test('a virtual environment’s python says what to bind, even if it exits with 0', context => {
  const { at, write } = home(context)
  write('v/pyvenv.cfg', 'home = /usr/bin\n')
  write('v/lib/python3/site-packages/onlyhere.py', 'X = 5\n')
  mkdirSync(at('v/bin'))
  symlinkSync('/usr/bin/python3', at('v/bin/python'))
  const alone = boxed([], at('v/bin/python'), '-c', 'import sys; print(sys.prefix)')
  assert.equal(alone.out, '/usr\n')
  assert.deepEqual(advice(alone.err), ['--bind', at('v')])
  const whole = boxed(advice(alone.err), at('v/bin/python'), '-c', 'import sys; print(sys.prefix)')
  assert.equal(whole.out, `${at('v')}\n`)
  assert.equal(whole.err.split('\n').length, 2, 'only the report')
})

const CHAINS: readonly {
  readonly name: string
  readonly program: string
  readonly files: Readonly<Record<string, string>>
  readonly links?: Readonly<Record<string, string>>
  readonly directory: string
}[] = [
  {
    name: 'a program with ../lib',
    program: 'opt/tool/bin/tool',
    files: {
      'opt/tool/bin/tool': '#!/bin/sh\n. "$(dirname "$0")/../lib/text"\n',
      'opt/tool/lib/text': 'echo whole\n',
    },
    directory: 'opt/tool',
  },
  {
    name: 'node_modules/.bin',
    program: 'app/node_modules/.bin/tool',
    files: {
      'app/node_modules/tool/cli.sh': '#!/bin/sh\n. "$(dirname "$(readlink -f "$0")")/part.sh"\n',
      'app/node_modules/tool/part.sh': 'echo whole\n',
    },
    links: { 'app/node_modules/.bin/tool': '../tool/cli.sh' },
    directory: 'app/node_modules',
  },
  {
    name: 'a version of nvm',
    program: 'nvm/versions/node/v9/bin/npm',
    files: {
      'nvm/versions/node/v9/lib/node_modules/npm/npm.sh':
        '#!/bin/sh\n. "$(dirname "$(readlink -f "$0")")/part.sh"\n',
      'nvm/versions/node/v9/lib/node_modules/npm/part.sh': 'echo whole\n',
    },
    links: { 'nvm/versions/node/v9/bin/npm': '../lib/node_modules/npm/npm.sh' },
    directory: 'nvm/versions/node/v9',
  },
  {
    name: 'a program with files beside it',
    program: 'alone/tool',
    files: { 'alone/tool': '#!/bin/sh\n. "$(dirname "$0")/part"\n', 'alone/part': 'echo whole\n' },
    directory: 'alone',
  },
]

for (const { name, program, files, links = {}, directory } of CHAINS) {
  test(`${name}: the sentence names the directory, and with it the program runs`, context => {
    const { at, write } = home(context)
    for (const [file, text] of Object.entries(files)) write(file, text)
    for (const [link, target] of Object.entries(links)) {
      mkdirSync(dirname(at(link)), { recursive: true })
      symlinkSync(target, at(link))
    }
    const alone = boxed([], at(program))
    assert.notEqual(alone.code, 0, 'the control')
    assert.ok(advice(alone.err).includes(at(directory)), alone.err)
    assert.equal(boxed(advice(alone.err), at(program)).out, 'whole\n')
  })
}

test('rustup’s proxies need their own variable too', context => {
  const { at, write } = home(context)
  write('.cargo/bin/rustup', '#!/bin/sh\ntest -n "$RUSTUP_HOME" && cat "$RUSTUP_HOME/text"\n')
  write('.rustup/text', 'whole\n')
  symlinkSync('rustup', at('.cargo/bin/cargo'))
  const alone = boxed([], at('.cargo/bin/cargo'))
  assert.deepEqual(advice(alone.err).at(-1), `RUSTUP_HOME=${at('.rustup')}`)
  assert.equal(boxed(advice(alone.err), at('.cargo/bin/cargo')).out, 'whole\n')
})

test('a path of the host that a failed program named is told, with the way to show it', () => {
  const secret = boxed([], 'cat', '/etc/passwd-', '/etc/shadow')
  assert.match(
    secret.err,
    /\nglassbox: the program names \/etc\/shadow, which the host has and the box does not show; it is secret/,
  )
  const none: readonly (readonly [string, ...string[]])[] = [
    ['cat', '/etc/no-such-file'], // the host lacks it too
    ['sh', '-c', 'echo /etc/shadow >&2'], // it succeeds
    ['sh', '-c', 'echo /etc/services /etc/passwd: no >&2; exit 3'], // the box shows them
    ['sh', '-c', 'echo not /etchings, /var. or /etc/ >&2; exit 3'],
  ]
  for (const words of none)
    assert.equal(boxed([], ...words).err.match(/the program names/), null, words.join(' '))
  const bound = boxed(['--bind', '/etc/hostname:/etc/hostname'], 'sh', '-c', 'echo /etc/hostname >&2; exit 3')
  assert.doesNotMatch(bound.err, /the program names/)
  assert.equal(boxed(['--quiet'], 'cat', '/etc/shadow').err, 'cat: /etc/shadow: No such file or directory\n')
})

test('the document has the sentences as hints', () => {
  const { out } = boxed(['--json'], 'cat', '/etc/shadow')
  const { hints } = JSON.parse(out) as { hints: string[] }
  assert.equal(hints.length, 1)
  assert.match(hints[0] ?? '', /^the program names \/etc\/shadow/)
  assert.equal('hints' in JSON.parse(boxed(['--json'], 'true').out), false)
  assert.ok(realpathSync('/etc').length > 0)
})
