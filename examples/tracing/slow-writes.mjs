// Slow each write by 10 ms, as a slow disk would.
//   node examples/tracing/slow-writes.mjs sh -c 'echo a; echo b'
// The same with the command:
//   glassbox strace -f -e trace=write -e inject=write:delay_enter=10ms sh -c 'echo a; echo b'
import { isMainThread } from 'node:worker_threads'
import { trace } from 'glassbox'

export default () => {
  let writes = 0
  return {
    enter(_call, tracee) {
      writes++
      tracee.delay(10_000)
    },
    end: () => writes,
  }
}

if (isMainThread) {
  const [program = 'echo', ...args] = process.argv.slice(2)
  const { data } = await trace(
    { program, args },
    { syscalls: ['write'], handlers: { module: import.meta.url } },
  )
  console.log(`${Number(data)} writes, each 10 ms late`)
}
