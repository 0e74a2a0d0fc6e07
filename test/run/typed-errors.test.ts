/** Errors of Node's own modules do not leave a runner; all others pass unchanged. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { GlassboxError } from '#glassbox/errors.js'
import type { Job } from '#glassbox/job/job.js'
import type { Runner, Sandbox, SandboxSpec, Started } from '#glassbox/runners/runner.js'
import { withTypedErrors } from '#glassbox/run/typed-errors.js'

const JOB = {} as Job
const SPEC = {} as SandboxSpec
const STDIO = [0, 1, 2] as const

const failsLikeNode = (): never => {
  readFileSync('/proc/self/no-such-file')
  throw new Error('unreachable')
}
const own = new GlassboxError('ERR_GLASSBOX_BOX_CLOSED', 'closed')
const failsTyped = async (): Promise<never> => {
  throw own
}

/** A runner of which one function fails. */
function runnerWith(name: 'open' | 'ended' | keyof Sandbox, fails: () => unknown): Runner {
  const started: Started = {
    stop: () => {},
    ended: name === 'ended' ? (async () => fails() as never)() : new Promise(() => {}),
  }
  const sandbox = {
    start: async () => started,
    renew: async () => {},
    reset: async () => 'clean',
    close: async () => {},
    [name]: async () => fails(),
  }
  const open = async (): Promise<Sandbox> => (name === 'open' ? (fails() as never) : (sandbox as never))
  return withTypedErrors({
    name: 'ptrace',
    showsHost: true,
    strangers: () => false,
    open,
  } as unknown as Runner)
}

const STEPS: Readonly<Record<string, (runner: Runner) => Promise<unknown>>> = {
  open: runner => runner.open(SPEC),
  start: async runner => (await runner.open(SPEC)).start(JOB, STDIO),
  ended: async runner => (await (await runner.open(SPEC)).start(JOB, STDIO)).ended,
  renew: async runner => (await runner.open(SPEC)).renew(),
  reset: async runner => (await runner.open(SPEC)).reset(),
  close: async runner => (await runner.open(SPEC)).close(),
}

for (const [name, step] of Object.entries(STEPS)) {
  test(`an error of node:fs in ${name} becomes an error that names the call and the path`, async () => {
    await assert.rejects(
      step(runnerWith(name as 'open', failsLikeNode)),
      ({ code, syscall, path }: GlassboxError) =>
        code === 'ERR_GLASSBOX_SYSTEM' && syscall === 'open' && path === '/proc/self/no-such-file',
    )
  })
  test(`an error of glassbox in ${name} stays what it is`, async () => {
    await assert.rejects(step(runnerWith(name as 'open', failsTyped)), error => error === own)
  })
}
