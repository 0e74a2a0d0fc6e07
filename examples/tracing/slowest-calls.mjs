// Which five system calls of a program took the longest?
//   node examples/tracing/slowest-calls.mjs sleep 0.1
import { trace } from 'glassbox'

const [program = 'sleep', ...args] = process.argv.slice(2)
let slowest = []
for await (const { name, durationNs } of trace({ program, args }, { events: ['syscall-exit'] }))
  slowest = [...slowest, { name, durationNs }]
    .sort((a, b) => (b.durationNs > a.durationNs ? 1 : -1))
    .slice(0, 5)
for (const { name, durationNs } of slowest)
  console.log(`${(Number(durationNs) / 1e6).toFixed(3).padStart(10)} ms ${name}`)
