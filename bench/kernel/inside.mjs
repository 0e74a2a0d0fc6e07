// What cannot be seen from within a guest, as JSON: name → [minimum, median, p90] in ns.
//
//   node bench/kernel/inside.mjs
//
// - The kernel's own JavaScript for one system call, without the host's part: a thread that stands
//   at its first call is served again and again, as if it had stopped there with other arguments.
//   What is timed is all that the loop does between two stops: dispatch, handler, result, and the
//   decision that the thread goes on.
// - A batch of 16 mappings that are queued, where nothing is mapped.
import { DescriptorTable } from '../../packages/glassbox/dist/kernel/fs/descriptor-table.js'
import { makeRoot } from '../../packages/glassbox/dist/kernel/fs/root/root.js'
import { WorldMemory } from '../../packages/glassbox/dist/kernel/mm/world-memory.js'
import { PtracePlatform } from '../../packages/glassbox/dist/kernel/platform/ptrace/platform.js'
import { userCredentials } from '../../packages/glassbox/dist/kernel/task/credentials.js'
import { defaultLimits } from '../../packages/glassbox/dist/kernel/task/limits.js'
import { prepare } from '../../packages/glassbox/dist/kernel/task/prepare.js'
import { hostClock } from '../../packages/glassbox/dist/kernel/world/clock.js'
import { kernelCalls } from '../../packages/glassbox/dist/kernel/world/kernel-calls.js'
import { leaseCpu } from '../../packages/glassbox/dist/runners/kernel/cpu.js'
import { KernelWorld } from '../../packages/glassbox/dist/kernel/world/world.js'

const BURSTS = 1000
const COUNT = 300
/** Bursts before the ones that count: the compiler of Node is slow to start. */
const WARM = 200
const AT_FDCWD = -100
const [OPENAT, CLOSE, GETPID, PREAD, NEWFSTATAT] = [257, 3, 39, 17, 262]
const O_RDWR_CREAT = 0o102
/** A directory of the host with many files, which the first opening of each has to ask for. */
const HEADERS = '/usr/include/linux'

const platform = new PtracePlatform({ cpu: leaseCpu().cpu })
const memory = new WorldMemory(platform)
const clock = hostClock(platform)
const root = makeRoot(
  {
    binds: ['/usr', '/etc'].map(path => ({ source: path, target: path, directory: true, writable: false })),
    links: ['bin', 'lib', 'lib64', 'sbin'].map(name => ({ path: `/${name}`, target: `usr/${name}` })),
    files: [],
    scratch: [{ path: '/tmp', mode: 0o1777 }],
  },
  {
    memory,
    random: () => {},
    now: () => ({ seconds: clock.realSeconds(), nanoseconds: clock.realNanoseconds() }),
  },
)
const limits = defaultLimits()
const world = new KernelWorld({
  platform,
  memory,
  root: root.root,
  hostname: 'bench',
  table: kernelCalls(),
  terms: { cpuTimeMs: Infinity, wallTimeMs: Infinity, memoryBytes: 2 ** 30, processes: 16 },
  random: () => {},
  onBell: () => undefined,
})
const started = world.start({
  path: Buffer.from('/bin/true'),
  args: [Buffer.from('true')],
  env: [],
  cwd: { mount: root.root, dentry: root.root.root },
  umask: 0o022,
  credentials: userCredentials(1000, 1000, [1000]),
  files: new DescriptorTable(limits[7]),
  limits,
})
if (started !== 0) throw new Error(`execve: errno ${-started}`)

const { state, dispatcher } = world
const task = state.nextReady()
prepare(task)
task.thread.resume()
while (platform.wait(Infinity) === 0);
const { thread } = task
const place = thread.sp - 8192
const buffer = thread.sp - 16384

function call(nr, ...args) {
  for (let i = 0; i < args.length; i++) thread.args[i] = args[i]
  thread.nr = nr
  thread.stopped('call')
  state.taskOf(thread)
  dispatcher.serve(task)
  prepare(state.nextReady())
  return thread.rax
}

/** Writes a path into the guest's memory; returns its address. */
function put(text, at = place) {
  task.memory.write(at, Buffer.from(`${text}\0`, 'latin1'), 0, text.length + 1)
  return at
}

function check(what, value) {
  if (value < 0) throw new Error(`${what}: errno ${-value}`)
  return value
}

const sorted = times => {
  times.sort((a, b) => a - b)
  return [times[0], times[times.length >> 1], times[Math.floor(times.length * 0.9)]].map(ns => Math.round(ns))
}

function measure(once) {
  const times = []
  for (let burst = -WARM; burst < BURSTS; burst++) {
    const before = platform.now()
    for (let i = 0; i < COUNT; i++) once()
    if (burst >= 0) times.push((platform.now() - before) / COUNT)
  }
  return sorted(times)
}

function openAndClose(path) {
  call(CLOSE, check('openat', call(OPENAT, AT_FDCWD, path, 0, 0)))
}

const result = { getpid: measure(() => call(GETPID)) }

const file = check('openat', call(OPENAT, AT_FDCWD, put('/tmp/file'), O_RDWR_CREAT, 0o600))
const WRITE = 1
check('write', call(WRITE, file, buffer, 4096))
result['read of 1 byte'] = measure(() => call(PREAD, file, buffer, 1, 0))
const path = put('/usr/lib/x86_64-linux-gnu/libc.so.6')
result['open and close'] = measure(() => openAndClose(path))
const linked = put('/lib/x86_64-linux-gnu/libc.so.6', place + 256)
result['open and close, by a link'] = measure(() => openAndClose(linked))
result.stat = measure(() => call(NEWFSTATAT, AT_FDCWD, path, buffer, 0))

// Each name for the first time.
const { readdirSync } = process.getBuiltinModule('node:fs')
const cold = readdirSync(HEADERS).filter(name => name.endsWith('.h'))
const times = cold.map(name => {
  const address = put(`${HEADERS}/${name}`)
  const before = platform.now()
  openAndClose(address)
  return platform.now() - before
})
result['open and close, first time'] = sorted(times)

const space = platform.createSpace()
platform.createThread(space)
space.flush()
const batches = []
for (let burst = -WARM; burst < BURSTS; burst++) {
  for (let i = 0; i < 16; i++) space.map(0x100000 + i * 131072, 65536, 3, 'world', i * 65536, false)
  const before = platform.now()
  space.flush()
  if (burst >= 0) batches.push(platform.now() - before)
  space.unmap(0x100000, 16 * 131072)
  space.flush()
}
result['batch of 16 mappings'] = sorted(batches)

platform.close()
console.log(JSON.stringify(result))
