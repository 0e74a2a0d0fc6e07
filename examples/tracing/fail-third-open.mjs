// How does a program handle a full disk? Fails its third open with ENOSPC.
//   node examples/tracing/fail-third-open.mjs cp a b
// The same with the command:
//   glassbox strace -e trace=openat -e inject=openat:error=ENOSPC:when=3 cp a b
import { constants } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { trace } from 'glassbox'

export default () => {
  let opens = 0
  return {
    enter(_call, tracee) {
      if (++opens === 3) tracee.skip({ errno: constants.errno.ENOSPC })
    },
  }
}

if (isMainThread) {
  const [program = 'cat', ...args] = process.argv.slice(2)
  const { exitCode, signal } = await trace(
    { program, args },
    { syscalls: ['openat'], handlers: { module: import.meta.url } },
  )
  console.log(`${program} ended with ${exitCode ?? signal}`)
}
