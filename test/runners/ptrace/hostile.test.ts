/** What a program could do to the host if the tracer did not count it or take it away. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { run } from '#glassbox/index.js'
import { command } from '../../support/command.js'
import { native, program } from '../../support/programs.js'

const runner = 'ptrace'
const isRoot = process.getuid?.() === 0

test('children that nobody waits for count as processes, so a program cannot take all ids', async () => {
  assert.equal(native('swarm', ['zombies', '10']).signal, null)
  const limits = { processes: 20 }
  const { stdout, status } = await run(program('swarm'), ['zombies', '100'], { runner, limits })
  assert.equal(stdout, '19\n', 'the program itself is one')
  assert.notEqual(status, 'wall-time-limit')
})

test('children that are waited for do not count any more', async () => {
  const script = 'i=0; while [ $i -lt 200 ]; do (exit 0); i=$((i+1)); done; echo $i'
  const { stdout, ok } = await run('sh', ['-c', script], { runner, limits: { processes: 3 } })
  assert.deepEqual([stdout, ok], ['200\n', true])
})

const STATUS = 'while read name value; do case $name in Uid:|Cap*) echo $name $value;; esac; done'

test('root that may not change its user gives its programs no capability', { skip: !isRoot }, () => {
  const script = `${STATUS} < /proc/self/status`
  const words = [process.execPath, command, 'run', '--quiet', '--runner', 'ptrace', '--', 'sh', '-c', script]
  for (const missing of ['-setuid', '-chown']) {
    const { stdout, stderr } = spawnSync('setpriv', ['--bounding-set', missing, ...words], {
      encoding: 'utf8',
    })
    const rows = new Map(stdout.split('\n').map(line => line.split(': ') as [string, string]))
    assert.equal(rows.get('Uid'), '0 0 0 0', stderr)
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) assert.match(rows.get(set) ?? '', /^0{16}$/)
  }
  // The control: without the runner the shell has capabilities.
  const free = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
  assert.match(free.stdout, /CapEff: 0*[1-9a-f]/)
})
