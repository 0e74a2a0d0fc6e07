/**
 * Trees of files that would mislead a program that copies them, and faults around a program:
 * killed from outside, ended while others begin, an output that cannot be written. Both runners
 * end each in the same kind of result, and leave nothing.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { createPool, type RunnerName, run } from '#glassbox/index.js'
import { guard } from '../support/hostile.js'
import { children } from '../support/left.js'
import { temporaryDirectory } from '../support/temporary.js'

const RUNNERS: readonly RunnerName[] = ['namespace', 'ptrace']
/** A shell, and the programs that it starts. */
const POLICY = { extends: 'shell' } as const

// The workers that stay are there before guard() looks.
before(async () => {
  for (const runner of RUNNERS) await Promise.all([0, 1, 2].map(() => run('sleep', ['0.2'], { runner })))
})
const world = guard({ runners: RUNNERS })

/** How it ended: a status, or the code of the error. */
const ending = (running: PromiseLike<{ readonly status: string }>): Promise<string> =>
  Promise.resolve(running).then(
    ({ status }) => status,
    (error: unknown) => String((error as { code?: string }).code ?? error),
  )

test('a tree whose links lead to the host comes out without them [FS-01, FS-02]', async context => {
  const native = temporaryDirectory(context)
  symlinkSync(world.directory, join(native, 'link'))
  execFileSync('cp', ['-rL', 'link', 'copy'], { cwd: native })
  assert.equal(readFileSync(join(native, 'copy/canary'), 'utf8'), world.secret, 'cp -L is led there')

  const script = `set -e; mkdir -p out/sub; echo mine > out/sub/file; ln -s ${world.file} out/file
    ln -s ${world.directory} out/directory; ln -s .. out/up; mkfifo out/fifo`
  for (const runner of RUNNERS) {
    const target = join(native, runner)
    for (const collect of [['out'], { out: { file: target } }]) {
      const options = { runner, ...(runner === 'ptrace' ? { policy: POLICY } : {}), collect }
      const { exitCode, stderr, files, fileErrors } = await run('sh', ['-c', script], options)
      assert.equal(exitCode, 0, stderr)
      assert.ok(!JSON.stringify([files, fileErrors]).includes(world.secret))
      assert.deepEqual(
        Object.entries(fileErrors).map(([name, { code, side }]) => `${name} ${code} ${side}`),
        ['directory ELOOP', 'fifo ENOTSUP', 'file ELOOP', 'up ELOOP'].map(line => `out/${line} box`),
      )
    }
    assert.deepEqual(readdirSync(target, { recursive: true }).toSorted(), ['sub', 'sub/file'])
  }
})

test('a program whose first process is killed from outside ends in a result or a typed error [RB-02]', async context => {
  for (const runner of RUNNERS) {
    const seen = new Map<string, number>()
    for (let phase = 0; phase < 12; phase++) {
      const running = ending(run('sleep', ['20'], { runner, limits: { wallTimeMs: 60_000 } }))
      const state = { ended: false }
      void running.then(() => (state.ended = true))
      await new Promise(resolve => setTimeout(resolve, phase * 2))
      while (!state.ended) {
        for (const pid of children())
          try {
            process.kill(Number(pid), 'SIGKILL')
          } catch {
            // It has already ended.
          }
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      const how = await running
      seen.set(how, (seen.get(how) ?? 0) + 1)
      assert.match(how, /^(signaled|ERR_GLASSBOX_(BOX_LOST|STEP_FAILED))$/)
    }
    context.diagnostic(`${runner} ${JSON.stringify([...seen])}`)
  }
})

test('concurrent runs of a pool, ended in every way while others begin [RB-10]', async () => {
  for (const runner of RUNNERS) {
    await using pool = await createPool({ size: 3, runner })
    const one = async (index: number): Promise<string> => {
      const script = `(setsid sleep 30 &); echo ${index} > f; cat f; exit ${index}`
      const handle = pool.run('sh', ['-c', script], runner === 'ptrace' ? { policy: POLICY } : {})
      if (index % 5 === 0) setTimeout(() => handle.kill(), Math.random() * 300)
      const { status, exitCode, stdout, stderr } = await handle
      if (status === 'canceled') return status
      assert.deepEqual([exitCode, stdout], [index, `${index}\n`], stderr)
      return status
    }
    const endings = await Promise.all(Array.from({ length: 20 }, (_, index) => one(index)))
    assert.ok(endings.every(status => ['exited', 'canceled'].includes(status)))
    assert.ok(endings.filter(status => status === 'exited').length >= 16)
  }
})

test('a full disk under an output file is an error only for that run [RB-04]', async () => {
  for (const runner of RUNNERS) {
    const out = { stdout: { file: '/dev/full' } }
    await using pool = await createPool({ size: 1, runner })
    await assert.rejects(async () => pool.run('echo', ['x'], out), {
      code: 'ERR_GLASSBOX_FILE',
      message: /ENOSPC/,
    })
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
  }
})
