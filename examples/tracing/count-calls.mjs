// Which system calls does a program make most?
//   node examples/tracing/count-calls.mjs ls -l
import { trace } from 'glassbox'

const [program = 'true', ...args] = process.argv.slice(2)
const counts = new Map()
for await (const { name } of trace({ program, args, stdio: [0, 2, 2] }, { events: ['syscall-enter'] }))
  counts.set(name, (counts.get(name) ?? 0) + 1)
for (const [name, count] of [...counts].sort(([, a], [, b]) => b - a).slice(0, 5))
  console.log(`${String(count).padStart(6)} ${name}`)
