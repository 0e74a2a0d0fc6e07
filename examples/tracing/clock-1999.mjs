// Make the clock say 1999. Programs normally read the clock without a system call, through a page
// that the kernel maps into them (the vDSO). This example hides that page from each new program,
// so the program has to make a system call.
//   node examples/tracing/clock-1999.mjs date
import { readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { trace } from 'glassbox'

const AT_NULL = 0n
const AT_IGNORE = 1n
const AT_SYSINFO_EHDR = 33n
const CLOCK_REALTIME = 0n

const wordAt = (tracee, address) => new DataView(tracee.read(address, 8).slice().buffer).getBigUint64(0, true)
const bytesOf = word => new Uint8Array(BigUint64Array.of(word).buffer)

/**
 * Walks the stack of a new program: argc, arguments, NULL, environment, NULL, and the auxiliary
 * vector, whose entry for the vDSO it removes.
 */
function hideVdso(tracee) {
  const stack = BigInt(readFileSync(`/proc/${tracee.tid}/syscall`, 'latin1').split(' ').at(-2))
  let at = stack + 8n * (wordAt(tracee, stack) + 2n)
  while (wordAt(tracee, at) !== 0n) at += 8n
  for (at += 8n; wordAt(tracee, at) !== AT_NULL; at += 16n)
    if (wordAt(tracee, at) === AT_SYSINFO_EHDR) tracee.write(at, bytesOf(AT_IGNORE))
}

export default ({ offset }) => ({
  exec: (_stop, tracee) => hideVdso(tracee),
  exit({ nr, args, failed }, tracee) {
    const isTime = nr === 201 // time(2): this example leaves its result alone
    if (failed || isTime || (nr === 228 && args[0] !== CLOCK_REALTIME)) return
    // clock_gettime(clock, result) and gettimeofday(result, zone): seconds come first in both.
    const result = nr === 228 ? args[1] : args[0]
    if (result !== 0n) tracee.write(result, bytesOf(wordAt(tracee, result) - offset))
  },
})

if (isMainThread) {
  const [program = 'date', ...args] = process.argv.slice(2)
  const offset = BigInt(Math.floor(Date.now() / 1000) - Date.UTC(1999, 11, 31, 12) / 1000)
  const handlers = { module: import.meta.url, data: { offset } }
  const { exitCode } = await trace(
    { program, args },
    { syscalls: ['clock_gettime', 'gettimeofday', 'time'], handlers },
  )
  process.exitCode = exitCode
}
