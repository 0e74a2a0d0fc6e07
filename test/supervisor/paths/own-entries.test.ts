/** The first process of a program may read its own entries in /proc, whatever its children did. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from 'glassbox'

const OWN = 'read name value < /proc/self/status && echo $name'

for (const [name, script] of Object.entries({
  'before a child made a call': OWN,
  'after a child made a call': `id -u > /dev/null; ${OWN}`,
}))
  test(`the first process reads /proc/self ${name}`, async () => {
    const { stdout, stderr } = await run('/bin/sh', ['-c', script], {
      runner: 'ptrace',
      policy: { extends: 'shell' },
    })
    assert.equal(stdout, 'Name:\n', stderr)
  })
