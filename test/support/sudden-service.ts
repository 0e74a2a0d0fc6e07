/** `node sudden-service.js PROGRAM ARGUMENT…`: a service that runs it under the ptrace runner. */
import { run } from '#glassbox/index.js'

const [, , program = '', ...args] = process.argv
const limits = { processes: 100, cpuTimeMs: 60_000, wallTimeMs: 60_000 }
const { status, exitCode } = await run(program, args, { runner: 'ptrace', policy: null, limits })
console.log(status, exitCode)
