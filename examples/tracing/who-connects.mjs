// Which process connects where?
//   node examples/tracing/who-connects.mjs curl -s http://localhost:8080/
import { readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { trace } from 'glassbox'

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10

function addressOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const family = view.getUint16(0, true)
  if (family === AF_INET) return `${bytes.slice(4, 8).join('.')} port ${view.getUint16(2)}`
  if (family === AF_INET6)
    return `[${Buffer.from(bytes.slice(8, 24)).toString('hex')}] port ${view.getUint16(2)}`
  if (family === AF_UNIX)
    return Buffer.from(bytes.subarray(2)).toString().replace(/^\0/, '@').replace(/\0.*/, '')
  return `an address of family ${family}`
}

export default (_data, post) => ({
  enter(call, tracee) {
    const comm = readFileSync(`/proc/${tracee.pid}/comm`, 'utf8').trim()
    const address = addressOf(tracee.read(call.args[1], Number(call.args[2])).slice())
    post(`${comm} connects to ${address}`)
  },
})

if (isMainThread) {
  const [program = 'true', ...args] = process.argv.slice(2)
  const running = trace({ program, args }, { syscalls: ['connect'], handlers: { module: import.meta.url } })
  running.onMessage(line => console.log(line))
  await running
}
