/** What the command exits with, for every status and every error. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitCodeOf, exitCodeOfError } from '#glassbox/cli/exit-code.js'
import { GlassboxError, InvalidOptionError } from '#glassbox/index.js'
import { result } from '../support/result.js'

test('each status that is no end of its own has its code, whatever the program exited with', () => {
  for (const [status, code] of [
    ['cpu-time-limit', 124],
    ['wall-time-limit', 124],
    ['memory-limit', 137],
    ['output-limit', 153],
    ['syscall-denied', 159],
    ['canceled', 130],
  ] as const) {
    assert.equal(exitCodeOf(result({ status })), code, status)
    assert.equal(exitCodeOf(result({ status, exitCode: 1 })), code, `${status}, after exit 1`)
  }
})

test('every exit code of a program passes through, and a signal n is 128 + n', () => {
  for (let exitCode = 0; exitCode < 256; exitCode++) assert.equal(exitCodeOf(result({ exitCode })), exitCode)
  for (const [signal, code] of [
    ['SIGHUP', 129],
    ['SIGKILL', 137],
    ['SIGSEGV', 139],
    ['SIGTERM', 143],
    ['SIGSYS', 159],
  ] as const)
    assert.equal(exitCodeOf(result({ status: 'signaled', signal })), code, signal)
  assert.equal(exitCodeOf(result({ status: 'process-limit', exitCode: 3 })), 3)
  assert.equal(exitCodeOf(result({ status: 'process-limit', signal: 'SIGABRT' })), 134)
})

test('errors: a program that is not there or not executable, and every other fault', () => {
  assert.equal(exitCodeOfError(new GlassboxError('ERR_GLASSBOX_PROGRAM_NOT_FOUND', 'x')), 127)
  assert.equal(exitCodeOfError(new GlassboxError('ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE', 'x')), 126)
  for (const fault of [new InvalidOptionError('--x', 'x'), new Error('x'), 'x', undefined])
    assert.equal(exitCodeOfError(fault), 125)
})
