// What the arguments of a call cost: as strace's text, and as values for programs. Microseconds of
// CPU, the best of 25 rounds, all in one process.
//
//   node bench/values.mjs
import { entryText, exitText } from '../packages/glassbox/dist/decode/decode.js'
import { entryValues, exitValues } from '../packages/glassbox/dist/decode/values.js'
import { syscallNumber } from '../packages/glassbox/dist/linux/syscalls.js'

const bytes = new Uint8Array(8192)
const view = new DataView(bytes.buffer)
bytes.set(Buffer.from('/usr/lib/x86_64-linux-gnu/libc.so.6\0'), 0)
view.setBigUint64(4096, 0x801n, true)
view.setUint32(4096 + 24, 0o100644, true)
view.setBigUint64(4096 + 48, 123456n, true)
for (const at of [72, 88, 104]) view.setBigUint64(4096 + at, 1_700_000_000n, true)
const memory = {
  read: (address, length) => bytes.subarray(Number(address) - 0x10000, Number(address) - 0x10000 + length),
}

const CALLS = {
  stat: [0x10000n, 0x11000n],
  openat: [0xffffff9cn, 0x10000n, 0x80000n, 0n],
  read: [3n, 0x11000n, 832n],
  mmap: [0n, 4096n, 3n, 0x22n, 0xffffffffn, 0n],
}
const ROUNDS = 25
const TIMES = 1000

function once(call, outcome, options) {
  exitText(call, entryText(call, memory, options), outcome, memory, options)
}

const best = work => {
  let least = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage()
    for (let time = 0; time < TIMES; time++) work()
    const { user, system } = process.cpuUsage(start)
    least = Math.min(least, (user + system) / TIMES)
  }
  return least
}

for (const [name, args] of Object.entries(CALLS)) {
  const call = { nr: syscallNumber(name), args: [...args, 0n, 0n, 0n, 0n].slice(0, 6) }
  const outcome = { value: name === 'read' ? 832n : 0n, failed: false }
  const text = best(() => once(call, outcome, {}))
  const full = best(() => once(call, outcome, { full: true }))
  const values = best(() => exitValues(call, entryValues(call, memory), outcome, memory))
  console.log(
    `${name}: text ${text.toFixed(1)}, text with -v ${full.toFixed(1)}, values ${values.toFixed(1)}`,
  )
}
