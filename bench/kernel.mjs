// What the kernel runner costs, each time against the same work natively, in turn. Needs the built
// package.
//
//   node bench/kernel.mjs [ROUNDS]
//
// A busy host makes every stop wait for its turn: then only CPU times can be compared. Native ones
// come from the clock of this process's children, which ticks in 10 ms.
//
// Minima: what the mechanism costs when nothing comes between. The floor of a call is what the
// platform takes for a stop without any kernel: a guest that calls getpid in a loop.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { openBox } from '../packages/glassbox/dist/index.js'
import { PtracePlatform } from '../packages/glassbox/dist/kernel/platform/ptrace/platform.js'
import { REGISTER } from '../packages/glassbox/dist/kernel/platform/registers.js'

const rounds = Number(process.argv[2] ?? 7)
const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8' }
const limits = { cpuTimeMs: 600_000, wallTimeMs: 600_000, memoryBytes: 2 ** 30 }

/** A stop of the platform and its resume, with the JavaScript of the platform: microseconds. */
function floorUs() {
  const platform = new PtracePlatform({ cpu: 0 })
  const space = platform.createSpace()
  const thread = platform.createThread(space)
  platform.memory.chunk(0).bytes.set(Buffer.from('b8270000000f05ebf7', 'hex'), 0)
  space.map(0x10000, 4096, 5, 'world', 0, true)
  thread.registers().set(REGISTER.rip, 0x10000)
  thread.changed()
  thread.resume()
  platform.wait(Infinity)
  let best = Infinity
  for (let burst = 0; burst < 300; burst++) {
    const before = platform.now()
    for (let call = 0; call < 100; call++) {
      thread.result(1)
      thread.resume()
      platform.wait(Infinity)
    }
    best = Math.min(best, (platform.now() - before) / 100)
  }
  let batch = Infinity
  for (let burst = 0; burst < 200; burst++) {
    for (let map = 0; map < 16; map++)
      space.map(0x100000 + map * 131072, 65536, 3, 'world', map * 65536, false)
    const before = platform.now()
    space.flush()
    batch = Math.min(batch, platform.now() - before)
  }
  platform.close()
  return { callUs: best / 1e3, batchUs: batch / 1e3 }
}

const python = text => ['python3', ['-c', text]]
const loop = (count, text) =>
  python(`import os, time
b = 1e9
for _ in range(20):
  t = time.perf_counter()
  for _ in range(${count}): ${text}
  b = min(b, (time.perf_counter() - t) / ${count})
print(b * 1e6)`)

/** Programs that print microseconds of one operation themselves. */
const OPERATIONS = [
  ['getppid', loop(500, 'os.getppid()')],
  ['open, close', loop(200, "os.close(os.open('/etc/passwd', 0))")],
  ['stat', loop(300, "os.stat('/etc/passwd')")],
  [
    'read 1 byte',
    python(`import os, time
f = os.open('/dev/zero', 0)
b = 1e9
for _ in range(20):
  t = time.perf_counter()
  for _ in range(500): os.read(f, 1)
  b = min(b, (time.perf_counter() - t) / 500)
print(b * 1e6)`),
  ],
  [
    'read 64 KiB',
    python(`import os, time
f = os.open('/dev/zero', 0)
b = 1e9
for _ in range(20):
  t = time.perf_counter()
  for _ in range(100): os.read(f, 65536)
  b = min(b, (time.perf_counter() - t) / 100)
print(b * 1e6)`),
  ],
  [
    'page fault',
    python(`import mmap, time
b = 1e9
for _ in range(10):
  m = mmap.mmap(-1, 2**20)
  t = time.perf_counter()
  for i in range(0, 2**20, 4096): m[i] = 1
  b = min(b, (time.perf_counter() - t) / 256)
  m.close()
print(b * 1e6)`),
  ],
]

/** CPU time of children that were waited for, in ms. */
function childrenMs() {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1].split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}

/** Whole programs, in milliseconds of wall time, and of CPU time. */
const PROGRAMS = [
  ['true', 'true', []],
  ['python3 -c print(1)', 'python3', ['-c', 'print(1)']],
  ['bash, 50 × /bin/true', 'bash', ['-c', 'for ((i = 0; i < 50; i++)); do /bin/true; done']],
  ['bash, 50 × (:)', 'bash', ['-c', 'for ((i = 0; i < 50; i++)); do (:); done']],
  ['gcc hello.c', 'bash', ['-c', 'printf "int main(void){return 0;}" > /tmp/h.c; gcc -o /tmp/h /tmp/h.c']],
]

const box = await openBox({ runner: 'kernel' })
const native = (name, args) => spawnSync(name, args, { env, encoding: 'utf8' })
const row = (name, nativeValue, kernelValue, unit) =>
  console.log(
    `${name.padEnd(24)} ${nativeValue.toFixed(2).padStart(9)} ${kernelValue.toFixed(2).padStart(9)} ${unit}  × ${(kernelValue / nativeValue).toFixed(2)}`,
  )

const { callUs, batchUs } = floorUs()
console.log(
  `a stop of the platform   ${callUs.toFixed(2)} µs; a batch of 16 mappings ${batchUs.toFixed(1)} µs`,
)
console.log('                            native    kernel')
for (const [name, [program, args]] of OPERATIONS) {
  let [best, bestNative] = [Infinity, Infinity]
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    bestNative = Math.min(bestNative, Number(native(program, args).stdout))
    best = Math.min(best, Number((await box.run(program, args, { env, limits })).stdout))
  }
  row(name, bestNative, best, 'µs')
}
for (const [name, program, args] of PROGRAMS) {
  let [best, bestNative, cpu] = [Infinity, Infinity, Infinity]
  const cpuBefore = childrenMs()
  for (let round = 0; round < rounds; round++) {
    const before = performance.now()
    native(program, args)
    bestNative = Math.min(bestNative, performance.now() - before)
  }
  const nativeCpu = (childrenMs() - cpuBefore) / rounds
  for (let round = 0; round < rounds; round++) {
    const { wallTimeMs, cpuTimeMs } = await box.run(program, args, { env, limits })
    best = Math.min(best, wallTimeMs)
    cpu = Math.min(cpu, cpuTimeMs)
  }
  row(name, bestNative, best, 'ms')
  row('  its CPU time', nativeCpu, cpu, 'ms')
}
await box.close()
