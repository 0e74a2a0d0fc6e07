/** Completion, as bash asks for it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { glassbox } from '../support/command.js'

function completed(...words: readonly string[]): string[] {
  const script = `${glassbox(['completion', 'bash']).out}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _glassbox; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' })
    .trim()
    .split('\n')
}

test('commands, their options, and the values of an option', () => {
  assert.deepEqual(completed('glassbox', 's'), ['strace'])
  assert.deepEqual(completed('glassbox', 'run', '--cop'), ['--copy-in', '--copy-out'])
  assert.deepEqual(completed('glassbox', 'run', '--net', ''), ['none', 'host'])
  assert.deepEqual(completed('glassbox', 'strace', '--follow'), ['--follow-forks'])
  assert.deepEqual(completed('glassbox', 'doctor', '--j'), ['--json'])
})

test('every shell has one, and another is refused', () => {
  for (const shell of ['bash', 'zsh', 'fish'])
    assert.match(glassbox(['completion', shell]).out, /glassbox/, shell)
  assert.match(glassbox(['completion', 'tcsh']).err, /There is no completion for tcsh.*bash, zsh or fish/s)
  assert.match(glassbox(['completion']).err, /No shell was given\. Specify a shell: bash, zsh or fish/)
  assert.match(glassbox(['completion', 'bash', 'zsh']).err, /takes one shell, but zsh was given too/)
  assert.match(glassbox(['completion', '__proto__']).err, /There is no completion for __proto__/)
})
