/**
 * Files and directories in and out, by names as users have them; and what a missing one does to
 * the exit code.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { parseBind, parsePair, splitAtColons } from '#glassbox/cli/run/paths.js'
import { assertNoGroupsLeft, glassbox, shell } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

after(assertNoGroupsLeft)

test('colons part, and a backslash takes that from them', () => {
  assert.deepEqual(splitAtColons('a:b:c'), ['a', 'b', 'c'])
  assert.deepEqual(splitAtColons('a\\:b:c'), ['a:b', 'c'])
  assert.deepEqual(splitAtColons('a\\\\:b'), ['a\\', 'b'], 'a backslash before a backslash is one')
  assert.deepEqual(splitAtColons('a\\b\\'), ['a\\b\\'], 'any other stands for itself')
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), parts => {
      const text = parts.map(part => part.replaceAll(/[\\:]/g, letter => `\\${letter}`)).join(':')
      assert.deepEqual(splitAtColons(text), parts)
    }),
  )
})

test('the forms of --bind and --copy-in', () => {
  assert.deepEqual(parseBind('/a'), { source: '/a', writable: false })
  assert.deepEqual(parseBind('/a:rw'), { source: '/a', writable: true })
  assert.deepEqual(parseBind('/a:/b'), { source: '/a', writable: false, target: '/b' })
  assert.deepEqual(parseBind('/a:/b:ro'), { source: '/a', writable: false, target: '/b' })
  assert.deepEqual(parseBind('/a::rw'), { source: '/a', writable: true })
  assert.deepEqual(parseBind('/a:/b:copy'), { source: '/a', writable: 'copy', target: '/b' })
  assert.deepEqual(parseBind('/a:copy'), { source: '/a', writable: 'copy' })
  assert.deepEqual(parseBind('/a\\:b:/c\\:d:rw'), { source: '/a:b', writable: true, target: '/c:d' })
  assert.deepEqual(parsePair('--copy-in', 'a\\:b', false), ['a:b', undefined])
  for (const text of ['', ':', ':b', 'a:', 'a:b:c'])
    assert.throws(() => parsePair('--copy-in', text, false), { option: '--copy-in' }, text)
  for (const text of ['', ':/b', '/a:/b:rx', '/a:/b:rw:x'])
    assert.throws(() => parseBind(text), { option: '--bind' }, text)
})

test('a path with a colon is named as it is, or by a backslash', context => {
  const cwd = temporaryDirectory(context)
  writeFileSync(join(cwd, '12:30.log'), 'half past')
  const run = (...words: readonly string[]): string => glassbox(['run', '--quiet', ...words], { cwd }).out
  assert.equal(run('--copy-in', '12:30.log', '--', 'cat', '12:30.log'), 'half past')
  assert.equal(run('--copy-in', '12\\:30.log', '--', 'cat', '12:30.log'), 'half past')
  assert.equal(run('--copy-in', '12\\:30.log:log', '--', 'cat', 'log'), 'half past')
  assert.equal(run('--bind', `${cwd}/12:30.log`, '--', 'cat', `${cwd}/12:30.log`), 'half past')
  assert.equal(run('--bind', '12\\:30.log:/log', '--', 'cat', '/log'), 'half past')
  assert.equal(run('--copy-out', 'a\\:b', '--', 'sh', '-c', 'echo out > a:b'), '')
  assert.equal(readFileSync(join(cwd, 'a:b'), 'utf8'), 'out\n')
})

test('directories go in and come out', context => {
  const cwd = temporaryDirectory(context)
  mkdirSync(join(cwd, 'tree/sub/empty'), { recursive: true })
  writeFileSync(join(cwd, 'tree/sub/run'), '#!/bin/sh\necho ran', { mode: 0o755 })
  mkdirSync(join(cwd, 'here'))
  const script = 'tree/sub/run; ls tree/sub; cp -r tree made; echo new > made/sub/file'
  const words = ['--copy-in', 'tree', '--copy-out', 'made', '--copy-out', 'made/sub:here', '--quiet']
  const { code, out, err } = glassbox(['run', ...words, '--', 'sh', '-c', script], { cwd })
  assert.deepEqual([code, out, err], [0, 'ran\nempty\nrun\n', ''])
  assert.equal(readFileSync(join(cwd, 'made/sub/file'), 'utf8'), 'new\n')
  assert.equal(statSync(join(cwd, 'made/sub/run')).mode & 0o777, 0o755)
  assert.ok(existsSync(join(cwd, 'made/sub/empty')))
  assert.equal(
    readFileSync(join(cwd, 'here/sub/file'), 'utf8'),
    'new\n',
    'a directory as target means into it',
  )
})

test('a file that was to come out and is not there has an exit code of its own, if the program succeeded', context => {
  const cwd = temporaryDirectory(context)
  const codeOf = (script: string, ...words: readonly string[]): number | null =>
    glassbox(['run', '--copy-out', 'out', ...words, '--', 'sh', '-c', script], { cwd }).code
  assert.equal(codeOf('true'), 123)
  assert.equal(codeOf('exit 7'), 7)
  assert.equal(codeOf('kill -TERM $$'), 143)
  assert.equal(codeOf('sleep 9', '--wall-time', '200ms'), 124)
  assert.equal(codeOf('echo x > out'), 0, 'with the file it is 0')
  assert.equal(codeOf('mkfifo out'), 123, 'there, and nothing that can be taken')
  assert.equal(codeOf('ln -s /etc/passwd out'), 123)
  assert.equal(codeOf('true', '--json'), 123)
  const full = glassbox(['run', '--copy-out', 'out:/dev/full', '--', 'sh', '-c', 'echo x > out'], { cwd })
  assert.equal(full.code, 125, 'that it cannot be written here is no fault of the program')
  assert.match(full.err, /^glassbox: --copy-out out: .*No space left on device/)
  const sunk = glassbox(['run', '--copy-out', 'out:/dev/null', '--', 'sh', '-c', 'echo x > out'], { cwd })
  assert.equal(sunk.code, 0, 'a device is written itself: who cannot make files beside it may use it')
})

test('a missing file is told in one line, and in the document', () => {
  assert.match(
    shell(['--copy-out', 'out'], 'true').err,
    /^glassbox: --copy-out out: .*No such file or directory[^\n]*\nglassbox: exited/,
  )
  const { fileErrors } = JSON.parse(shell(['--copy-out', 'out', '--json'], 'true').out) as {
    fileErrors: Record<string, { code: string }>
  }
  assert.equal(fileErrors['out']?.code, 'ENOENT')
})
