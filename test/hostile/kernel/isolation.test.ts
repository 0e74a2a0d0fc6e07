/**
 * What the worlds of the kernel runner share and must not reach each other by (rows UK-02, UK-14
 * and UK-15 of the list of hostile programs): pages of files, the death of a kernel thread, and
 * the JavaScript engine itself.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { GlassboxError, openBox, run } from '#glassbox/index.js'
import { children } from '../../support/left.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

const runner = 'kernel'
const NOBODY = 65_534
/** Not writable; a private page changes for its owner alone, also over a fork. */
const UNTOUCHED = '-1 13 13 9 14 0 0 Xh t t\n'

test('a page of a file that two boxes see changes for neither', async t => {
  const place = temporaryDirectory(t)
  chmodSync(place, 0o755)
  const cached = join(place, 'cached')
  writeFileSync(cached, 'the contents\n')
  chmodSync(cached, 0o444)
  const attack = program('kernel/attack')
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const env = { CACHED: cached }
  // The control: the attack runs to its end, and its own page does change.
  assert.equal(spawnSync(attack, ['cached'], { encoding: 'utf8', env, ...user }).stdout, UNTOUCHED)
  const binds = [{ source: attack }, { source: cached }]
  await using attacker = await openBox({ runner, binds })
  await using neighbour = await openBox({ runner, binds })
  assert.equal((await neighbour.run('cat', [cached])).stdout, 'the contents\n')
  assert.equal((await attacker.run(attack, ['cached'], { env })).stdout, UNTOUCHED)
  for (const box of [attacker, neighbour])
    assert.equal((await box.run('cat', [cached])).stdout, 'the contents\n')
  assert.equal(readFileSync(cached, 'utf8'), 'the contents\n')
})

test('the death of a kernel thread ends its box and its stubs, and no other', async () => {
  const workers: Worker[] = []
  const made = (message: unknown): void => void workers.push((message as { worker: Worker }).worker)
  subscribe('worker_threads', made)
  const victim = await openBox({ runner })
  unsubscribe('worker_threads', made)
  await using neighbour = await openBox({ runner })
  const before = children().length
  const ending = victim.run('sh', ['-c', 'while :; do :; done']).then(
    () => assert.fail('it ended'),
    (error: unknown) => error,
  )
  const beside = neighbour.run('sh', ['-c', 'for i in 1 2 3; do sleep 0.1; done; echo on'])
  await sleep(150)
  assert.equal(workers.length, 1)
  await workers[0]?.terminate()
  const error = await ending
  assert.ok(error instanceof GlassboxError && error.code === 'ERR_GLASSBOX_INTERNAL', String(error))
  await assert.rejects(async () => victim.run('true'), GlassboxError)
  assert.equal((await beside).stdout, 'on\n')
  await victim.close()
  assert.ok(children().length < before, 'its stubs are gone')
  assert.equal((await neighbour.run('echo', ['still'])).stdout, 'still\n')
})

test('names of JavaScript are names', async () => {
  const script = `
    cd "$1" && for n in __proto__ constructor toString hasOwnProperty '\${process.exit()}' length; do
      mkdir "$n" && echo "$n" > "$n/$n" && mv "$n/$n" "$n/valueOf" && cat "$n/valueOf" && ls -d "$n"
      env -i "$n=1" /usr/bin/env && rm -r "$n" && ls "$n" 2> /dev/null || echo gone
    done`
  const native = spawnSync('sh', ['-c', `d=$(mktemp -d); set -- "$d"; ${script}; rmdir "$d"`], {
    encoding: 'utf8',
  })
  const { stdout } = await run('sh', ['-c', script, 'sh', '/tmp'], { runner })
  assert.match(stdout, /^__proto__\n/)
  assert.equal(stdout, native.stdout)
})

test('the kernel has no way to evaluate text', () => {
  const kernel = fileURLToPath(new URL('../../../../packages/glassbox/dist/kernel/', import.meta.url))
  const ways = /\beval\s*\(|\bFunction\s*\(|node:vm|\bimport\s*\(|\brequire\s*\(|set(?:Timeout|Interval)\s*\(/
  // The control: each way is found.
  for (const way of ['eval (x)', 'new Function(x)', 'import(x)', "from 'node:vm'"]) assert.match(way, ways)
  const files = readdirSync(kernel, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.js'),
  )
  assert.ok(files.length > 100)
  const evaluating = files.filter(name => ways.test(readFileSync(join(kernel, name), 'utf8')))
  assert.deepEqual(evaluating, [])
})
