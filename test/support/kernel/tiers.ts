/**
 * Programs that have to behave on the kernel as they do natively: each row runs both ways, each in
 * a directory of its own, and output and exit code have to be the same. The native run comes
 * first, so a row that cannot work on this host is a failure of the row.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { openBox, type Box } from '#glassbox/index.js'
import { temporaryDirectory } from '../temporary.js'

export interface Row {
  readonly name: string
  readonly program: string
  /** The tool that makes the program, if this host may lack it. */
  readonly madeBy?: string
  readonly args?: readonly string[]
  readonly stdin?: string
}

const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8' }
const LIMITS = { cpuTimeMs: 60_000, wallTimeMs: 120_000, memoryBytes: 2 ** 30 }

/** A row that runs a line of bash. */
export const sh = (name: string, line: string): Row => ({ name, program: '/bin/bash', args: ['-c', line] })

/** Declares a test for each row. `binds`: directories that the programs are in. */
export function sameAsNative(rows: readonly Row[], binds: readonly string[] = []): void {
  let box: Box
  before(async () => {
    box = await openBox({ runner: 'kernel', binds: binds.map(source => ({ source })) })
  })
  after(() => box.close())
  for (const { name, program, madeBy = program, args = [], stdin = '' } of rows) {
    const skip = existsSync(program) ? false : `${madeBy} is not installed`
    test(name, { skip }, async context => {
      const directory = temporaryDirectory(context)
      const options = {
        cwd: directory,
        env: ENVIRONMENT,
        input: stdin,
        encoding: 'utf8',
        timeout: 60_000,
      } as const
      const native = spawnSync(program, args, options)
      assert.notEqual(native.status, null, `it runs natively: ${native.stderr}`)
      const result = await box.run(program, args, { env: ENVIRONMENT, stdin, limits: LIMITS })
      assert.deepEqual(
        { stdout: result.stdout, code: result.exitCode, stderr: result.stderr },
        { stdout: native.stdout, code: native.status, stderr: native.stderr },
      )
    })
  }
}
