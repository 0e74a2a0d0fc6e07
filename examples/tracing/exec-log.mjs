// What does a build execute, and how does each program end?
//   node examples/tracing/exec-log.mjs gcc -c hello.c
import { trace } from 'glassbox'

const [program = 'sh', ...args] = process.argv.slice(2)
const paths = new Map()
for await (const event of trace({ program, args }, { syscalls: [], events: ['exec', 'exit', 'killed'] })) {
  if (event.type === 'exec') paths.set(event.pid, event.path)
  else if (event.pid === event.tid)
    console.log(
      `${paths.get(event.pid) ?? '(a copy of its parent)'}: ${event.type === 'exit' ? event.code : event.signal}`,
    )
}
