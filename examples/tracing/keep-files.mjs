// Let a program delete nothing: refuses every unlink, rmdir and rename.
//   node examples/tracing/keep-files.mjs rm -rf directory
import { constants } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { trace } from 'glassbox'

const REFUSED = ['unlink', 'unlinkat', 'rmdir', 'rename', 'renameat', 'renameat2']

export default () => ({
  enter: (_call, tracee) => tracee.skip({ errno: constants.errno.EPERM }),
})

if (isMainThread) {
  const [program = 'rm', ...args] = process.argv.slice(2)
  const { exitCode } = await trace(
    { program, args },
    { syscalls: REFUSED, handlers: { module: import.meta.url } },
  )
  process.exitCode = exitCode
}
