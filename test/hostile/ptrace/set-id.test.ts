/**
 * The ptrace runner's programs work in the host's own directories. Where their policy lets them
 * write, they leave no set-ID file and no device either: neither by their own calls nor by those
 * that the tracer makes for them. The control is in set-id.test.ts: natively each way works.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { printed } from '../../support/command.js'
import { root } from '../../support/hostile.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

/** Ways whose calls reach the tracer, and ways that the filter refuses before. */
const WAYS = [
  ...['chmod', 'fchmod', 'fchmodat', 'fchmodat2', 'fchmodat2-fd', 'creat', 'open', 'openat', 'mknod'],
  ...['mknodat', 'tmpfile', 'tmpfile-chmod', 'openat2', 'ring', 'capability', 'character-device'],
  ...['whiteout', 'moved-whiteout'],
]

const POLICIES: Readonly<Record<string, (directory: string) => string>> = {
  'a policy that grants the directory': directory => {
    const all = JSON.stringify([`${directory}/`])
    return `{ extends: 'default', paths: { read: ${all}, write: ${all}, execute: ${all} } }`
  },
  'no policy': () => 'null',
  'a policy that allows everything': () => "{ rules: [], otherwise: { kind: 'allow' } }",
}

for (const [who, ordinary] of [
  ['root', false],
  ['an ordinary user', true],
] as const)
  test(`under the ptrace runner a program of ${who} leaves no set-ID file and no device [F0]`, {
    skip: !ordinary && !root && 'needs root',
  }, context => {
    const top = temporaryDirectory(context)
    chmodSync(top, 0o755)
    const places = Object.entries(POLICIES).map(([name, policyOf], index) => {
      const directory = join(top, String(index))
      mkdirSync(directory)
      chmodSync(directory, 0o777)
      copyFileSync(program('setid'), join(directory, 'guest'))
      chmodSync(join(directory, 'guest'), 0o755)
      if (ordinary && root) chownSync(directory, 65_534, 65_534)
      return { name, directory, policy: policyOf(directory) }
    })
    const runs = places.map(
      ({ directory, policy }) =>
        `await run(${JSON.stringify(`${directory}/guest`)}, ${JSON.stringify([directory, ...WAYS])},
          { runner: 'ptrace', policy: ${policy} })`,
    )
    const { out, err } = printed(
      `import { run } from library
      const results = [${runs.join(',\n')}]
      console.log(JSON.stringify(results.map(({ status, stdout, stderr }) => [status, stdout, stderr])))
      process.exit()`,
      ordinary,
    )
    assert.equal(err, '')
    const results = JSON.parse(out) as [status: string, stdout: string, stderr: string][]
    for (const [index, { name, directory }] of places.entries()) {
      const [status, stdout = ''] = results[index] ?? []
      assert.equal(status, 'exited', name)
      assert.equal(stdout.trim().split('\n').length, WAYS.length, `${name}: ${stdout}`)
      assert.doesNotMatch(stdout, / 0$/m, name)
      const dangerous = ['-perm', '/6000', '-o', '-type', 'c', '-o', '-type', 'b']
      assert.equal(execFileSync('find', [directory, ...dangerous], { encoding: 'utf8' }), '', name)
    }
  })
