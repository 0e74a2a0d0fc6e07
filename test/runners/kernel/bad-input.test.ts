/**
 * What the kernel runner says of programs that cannot be executed, of binds that are not there,
 * and of hosts without ptrace: one sentence, and the exit code of the other runners.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { glassbox } from '../../support/command.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

const LOADER = '/lib64/ld-linux-x86-64.so.2'
const EM_AARCH64 = 0xb7
const MACHINE = 18

/** `true` with some bytes changed. */
function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = readFileSync('/bin/true')
  change(bytes)
  return bytes
}

const PROGRAMS: readonly {
  name: string
  bytes: Buffer | string
  mode: number
  code: number
  says: RegExp
}[] = [
  { name: 'text', bytes: 'no program', mode: 0o755, code: 126, says: /ENOEXEC/ },
  { name: 'the-start-of-one', bytes: '\x7fELF', mode: 0o755, code: 126, says: /ENOEXEC/ },
  {
    name: 'another-architecture',
    bytes: changed(bytes => void bytes.writeUInt16LE(EM_AARCH64, MACHINE)),
    mode: 0o755,
    code: 126,
    says: /ENOEXEC/,
  },
  { name: 'no-interpreter', bytes: '#!/no/such/program\n', mode: 0o755, code: 127, says: /ENOENT/ },
  {
    name: 'no-loader',
    bytes: changed(bytes => void bytes.write('X', bytes.indexOf(LOADER) + LOADER.length - 1)),
    mode: 0o755,
    code: 127,
    says: /ENOENT/,
  },
  { name: 'not-executable', bytes: '#!/bin/sh\n', mode: 0o644, code: 126, says: /EACCES/ },
]

test('what cannot be executed', t => {
  const place = temporaryDirectory(t)
  chmodSync(place, 0o755)
  for (const { name, bytes, mode, code, says } of PROGRAMS) {
    const path = join(place, name)
    writeFileSync(path, bytes)
    chmodSync(path, mode)
    const ended = glassbox(['run', '--runner', 'kernel', '--bind', place, '--', path])
    assert.equal(ended.code, code, `${name}: ${ended.err}`)
    assert.match(ended.err, says)
    assert.equal(ended.err.trimEnd().split('\n').length, 1, ended.err)
  }
})

test('a bind that is not there', () => {
  const { code, err } = glassbox(['run', '--runner', 'kernel', '--bind', '/no/such/place', '--', 'true'])
  assert.equal(code, 125)
  assert.match(err, /^glassbox: --bind: .*\/no\/such\/place.*\n$/)
})

test('a host that refuses ptrace', () => {
  const command = new URL('../../../../packages/glassbox/bin/glassbox.js', import.meta.url).pathname
  const words = [process.execPath, command, 'run', '--runner', 'kernel', '--', 'echo', 'on']
  // The control: the same line where ptrace works.
  assert.equal(glassbox(words.slice(2)).out, 'on\n')
  const { status, stderr } = spawnSync(program('without-ptrace'), words, { encoding: 'utf8' })
  assert.equal(status, 125, stderr)
  assert.match(stderr, /^glassbox: The kernel runner needs ptrace.*EPERM.*\n$/)
})
