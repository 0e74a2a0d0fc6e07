// Which files does this build read? Prints once each file that was opened for reading, except
// those that the build created itself.
//   node examples/tracing/files-read.mjs gcc -c hello.c
import { isMainThread } from 'node:worker_threads'
import { readlinkSync } from 'node:fs'
import { trace } from 'glassbox'

const O_ACCMODE = 3n
const O_CREAT = 0o100n

/**
 * Runs in the worker while the process that opened a file is stopped. The link of its descriptor
 * says which file it is.
 */
export default (_data, post) => {
  const seen = new Set()
  return {
    exit(call, tracee) {
      const flags = call.args[2]
      if (call.failed || (flags & O_ACCMODE) !== 0n || (flags & O_CREAT) !== 0n) return
      const file = readlinkSync(`/proc/${tracee.tid}/fd/${call.value}`)
      if (!seen.has(file)) post(file)
      seen.add(file)
    },
  }
}

if (isMainThread) {
  const [program = 'ls', ...args] = process.argv.slice(2)
  const running = trace({ program, args }, { syscalls: ['openat'], handlers: { module: import.meta.url } })
  running.onMessage(file => console.log(file))
  process.exitCode = (await running).exitCode
}
