/**
 * Whole directories out of a box: a privileged reader and writer handles trees that a program
 * made. The control of each is a copy that follows names.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBox, run } from '#glassbox/index.js'
import { guard } from '../support/hostile.js'
import { temporaryDirectory } from '../support/temporary.js'

const world = guard()

/** A tree `out` with everything that could mislead a program that copies it. */
const astray = (): string => `set -e; mkdir -p out/sub; echo mine > out/sub/file
  ln -s ${world.file} out/file; ln -s ${world.directory} out/directory; ln -s .. out/up
  ln -s /proc/self/root out/root; mkfifo out/fifo; ln out/sub/file out/sub/hard`

test('a tree whose links lead to the host comes out without them [FS-01, FS-02, FS-11]', async context => {
  const native = temporaryDirectory(context)
  execFileSync('sh', ['-c', `${astray()}; rm out/root out/up out/fifo`], { cwd: native })
  execFileSync('cp', ['-rL', 'out', 'copy'], { cwd: native })
  assert.equal(
    readFileSync(join(native, 'copy/directory/canary'), 'utf8'),
    world.secret,
    'cp -L is led there',
  )

  const target = join(native, 'target')
  for (const collect of [['out'], { out: { file: target } }]) {
    const { exitCode, stderr, files, fileErrors } = await run('sh', ['-c', astray()], { collect })
    assert.equal(exitCode, 0, stderr)
    assert.ok(!JSON.stringify([files, fileErrors]).includes(world.secret))
    assert.deepEqual(
      Object.entries(fileErrors).map(([name, { code, side }]) => `${name} ${code} ${side}`),
      ['directory ELOOP', 'fifo ENOTSUP', 'file ELOOP', 'root ELOOP', 'up ELOOP'].map(
        line => `out/${line} box`,
      ),
    )
    const names = Array.isArray(collect) ? Object.keys(files) : readdirSync(target, { recursive: true })
    assert.deepEqual(
      names.toSorted(),
      Array.isArray(collect) ? ['out/sub/file', 'out/sub/hard'] : ['sub', 'sub/file', 'sub/hard'],
    )
  }
  assert.equal(readFileSync(join(target, 'sub/hard'), 'utf8'), 'mine\n')
})

test('a tree that is copied to a writable bind is written through no link that a program left there [FS-04, FS-27]', async context => {
  const top = temporaryDirectory(context)
  const [bound, victim] = [join(top, 'bound'), join(top, 'victim')]
  for (const path of [bound, victim]) mkdirSync(path)
  for (const path of [top, bound, victim]) chmodSync(path, 0o777)
  const binds = [{ source: bound, target: '/bound', writable: true }]
  const script = `set -e; mkdir -p out/sub; echo x > out/sub/file; echo x > out/file
    mkdir -m 777 /bound/target; ln -s ${victim} /bound/target/sub; ln -s ${victim}/file /bound/target/file
    ln -s ${victim} /bound/link`
  const collect = {
    out: { file: join(bound, 'target') },
    'out/sub': { file: join(bound, 'link') },
    'out/file': { file: join(bound, 'link/file') },
  }
  const { exitCode, stderr, fileErrors } = await run('sh', ['-c', script], { binds, collect })
  assert.equal(exitCode, 0, stderr)
  assert.deepEqual(readdirSync(victim), [])
  assert.deepEqual(
    Object.entries(fileErrors).map(([name, { side }]) => [name, side]),
    [
      ['out/sub', 'host'],
      ['out/sub/file', 'host'],
      ['out/file', 'host'],
    ],
  )
  assert.equal(
    readFileSync(join(bound, 'target/file'), 'utf8'),
    'x\n',
    'a new file took the place of the link',
  )
  writeFileSync(join(bound, 'target/sub/by-name'), '')
  assert.deepEqual(readdirSync(victim), ['by-name'], 'a writer that follows is led there')
})

test('a host directory in a writable bind is copied in without following links of programs', async context => {
  const top = temporaryDirectory(context)
  const bound = join(top, 'bound')
  mkdirSync(join(bound, 'source'), { recursive: true })
  for (const path of [top, bound, join(bound, 'source')]) chmodSync(path, 0o777)
  symlinkSync(world.directory, join(bound, 'source/inner'))
  symlinkSync(world.directory, join(bound, 'outer'))
  await using box = await openBox({ binds: [{ source: bound, writable: true }] })
  assert.equal(
    readFileSync(join(bound, 'outer/canary'), 'utf8'),
    world.secret,
    'a reader that follows is led there',
  )
  await assert.rejects(box.writeFile('outer', { file: join(bound, 'outer') }), { code: 'ERR_GLASSBOX_FILE' })
  await box.writeFile('source', { file: join(bound, 'source') })
  assert.deepEqual(await box.readDirectory('source'), [{ name: 'inner', type: 'link', size: 0, mode: 0o777 }])
  assert.notEqual((await box.run('cat', ['source/inner/canary'])).exitCode, 0)
})

test('too many files give one error, within bounded memory, and the next run works [FS-14]', async () => {
  const script = 'mkdir out && cd out && seq 20000 | xargs touch'
  const options = { diskFiles: 50_000, limits: { cpuTimeMs: 20_000 } }
  const { exitCode, files, fileErrors } = await run('sh', ['-c', script], { ...options, collect: ['out'] })
  assert.equal(exitCode, 0)
  assert.deepEqual(files, {})
  assert.deepEqual([Object.keys(fileErrors), fileErrors['out']?.code], [['out'], 'EFBIG'])
  const few = await run('sh', ['-c', script.replace('20000', '2000')], { ...options, collect: ['out'] })
  assert.equal(Object.keys(few.files).length, 2000)
})
