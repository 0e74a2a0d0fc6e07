/** kill -9 of the Node process at any moment leaves no process, mount or cgroup behind. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cgroupsLeft } from '../support/left.js'

/** `GLASSBOX_CRASHES=200` for the long form. */
const ROUNDS = Number(process.env['GLASSBOX_CRASHES'] ?? 20)
const library = fileURLToPath(new URL('../../../packages/glassbox/dist/index.js', import.meta.url))

/** Runs boxes without end, with daemons, files and output in them. */
const VICTIM = `import { run } from ${JSON.stringify(library)}
for (;;) {
  await Promise.all([run('sh', ['-c', 'sleep 30 & echo x > f; sleep 0.02']), run('true'), run('yes', [], { limits: { outputBytes: 100000 } })])
}`

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // it ended meanwhile
  }
}

/** Every init of a box whose Node process is gone: its parent is then whoever takes orphans in. */
function orphanedInits(): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && read(`/proc/${name}/cmdline`).includes('glassbox-init'))
    .filter(pid => {
      const parent = /^PPid:\s+(\d+)$/m.exec(read(`/proc/${pid}/status`))?.[1]
      // Below another init it is a program that has not been executed yet.
      return parent !== undefined && !/node|glassbox-init/.test(read(`/proc/${parent}/cmdline`))
    })
    .map(
      pid =>
        `init ${pid}: ${read(`/proc/${pid}/status`).replaceAll(/\s+/g, ' ')} ${read(`/proc/${pid}/stack`)}`,
    )
}

const mounts = (): number => readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length

test(`nothing is left after a kill -9 at ${ROUNDS} random moments [RB-01]`, async () => {
  const before = mounts()
  for (let round = 0; round < ROUNDS; round++) {
    const victim = spawn(process.execPath, ['--input-type=module', '-e', VICTIM], { stdio: 'ignore' })
    const ended = new Promise<NodeJS.Signals | null>(resolve =>
      victim.once('exit', (_code, signal) => resolve(signal)),
    )
    await new Promise(resolve => setTimeout(resolve, 60 + Math.random() * 250))
    victim.kill('SIGKILL')
    assert.equal(await ended, 'SIGKILL', 'the victim ran until it was killed')
    const groups = new RegExp(`^glassbox-${victim.pid}-`)
    const left = (): string[] => [...orphanedInits(), ...cgroupsLeft(groups)]
    for (let tries = 0; tries < 200 && left().length > 0; tries++)
      await new Promise(resolve => setTimeout(resolve, 20))
    assert.deepEqual(left(), [], `round ${round}`)
  }
  assert.equal(mounts(), before)
})
