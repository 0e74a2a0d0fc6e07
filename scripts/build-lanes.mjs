// Compiles the plans of all calls for the standard forms of lines, and the names of the values
// that programs use most: src/ptrace/prepared-lanes.ts reads the files. A value that is missing
// here is taught when it is first seen, so the list below decides how fast a trace starts, and
// nothing else.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { standardPlan } from '../packages/glassbox/dist/decode/lanes/standard-plan.js'
import { teachNames } from '../packages/glassbox/dist/decode/lanes/names.js'
import { PLANNED_CALLS } from '../packages/glassbox/dist/gate/generated/layouts.js'
import { syscallNumber } from '../packages/glassbox/dist/linux/syscalls.js'
import { LaneTables } from '../packages/glassbox/dist/ptrace/lanes/tables.js'
import { encodePrepared } from '../packages/glassbox/dist/ptrace/prepared-lanes.js'
import { jsonValue } from '../packages/glassbox/dist/strace/formats/json-value.js'

const CWD = 0xffffff9cn
const POINTER = 0x1000n
const ERRNOS = [...Array(40).keys(), 61, 75, 88, 95, 97, 98, 103, 104, 106, 107, 110, 111, 113, 115]

/** Modes of files, as st_mode has them: regular files, directories and symbolic links. */
const MODES = [
  ...[0o100644, 0o100755, 0o100600, 0o100664, 0o100444, 0o100555, 0o100640, 0o104755],
  ...[0o40755, 0o40700, 0o40775, 0o40555, 0o41777, 0o120777],
]
const OPENS = [
  ...[0, 0o2000000, 0o2200000, 0o2204000, 0o2604400, 0o4000, 0o2004000, 0o400, 0o100000, 0o2100000],
  ...[1, 2, 0o2000001, 0o2000002, 0o1101, 0o1102, 0o2001101, 0o301, 0o302, 0o2000302, 0o2102, 0o2002101],
]

/** Calls by name, each with the arguments that are named; those that are left out are 0. */
const SEEN = {
  openat: [CWD, -100n].flatMap(at => OPENS.map(flags => [at, POINTER, BigInt(flags), 0n])),
  open: OPENS.map(flags => [POINTER, BigInt(flags), 0n]),
  newfstatat: [
    ...[0n, 0x100n, 0x1000n, 0x900n, 0x800n].map(flags => [CWD, POINTER, POINTER, flags]),
    ...Array.from({ length: 10 }, (_, fd) => [BigInt(fd), POINTER, POINTER, 0n]),
  ],
  getdents64: [[3n, POINTER, 0x8000n]],
  mmap: [0n, 1n, 3n, 5n, 7n].flatMap(prot =>
    [0x1n, 0x2n, 0x12n, 0x22n, 0x32n, 0x802n, 0x812n, 0x20022n, 0x4022n, 0x10022n].map(flags => [
      0n,
      0x1000n,
      prot,
      flags,
    ]),
  ),
  mprotect: [0n, 1n, 3n, 5n, 7n].map(prot => [POINTER, 0x1000n, prot]),
  access: [0n, 1n, 2n, 4n, 6n].map(mode => [POINTER, mode]),
  faccessat: [0n, 1n, 2n, 4n, 6n].map(mode => [CWD, POINTER, mode]),
  faccessat2: [0n, 1n, 2n, 4n].map(mode => [CWD, POINTER, mode, 0x200n]),
  lseek: [0n, 1n, 2n].map(whence => [3n, 0n, whence]),
  fcntl: [
    ...[1n, 3n].map(command => [3n, command]),
    ...[0n, 1n].map(flag => [3n, 2n, flag]),
    ...[0n, 0o2000n, 0o4000n, 0o4001n, 0o4002n].map(flags => [3n, 4n, flags]),
    ...[0n, 3n, 255n].map(least => [3n, 0n, least]),
    ...[3n, 10n].map(least => [3n, 1030n, least]),
  ],
  rt_sigprocmask: [0n, 1n, 2n].map(how => [how, POINTER, POINTER, 8n]),
  rt_sigaction: [2n, 3n, 13n, 15n, 17n].map(signal => [signal, POINTER, POINTER, 8n]),
  arch_prctl: [[0x1002n], [0x3001n]],
  prlimit64: [3n, 6n, 7n].map(resource => [0n, resource]),
  getrandom: [0n, 1n, 2n].map(flags => [POINTER, 8n, flags]),
  madvise: [4n, 8n, 14n].map(advice => [POINTER, 0x1000n, advice]),
  pipe2: [0n, 0o2000000n, 0o4000n, 0o2004000n].map(flags => [POINTER, flags]),
  dup3: [0n, 0o2000000n].map(flags => [3n, 4n, flags]),
  ioctl: [0x5401n, 0x5413n, 0x541bn, 0x5421n, 0x5450n, 0x5451n].map(request => [1n, request, POINTER]),
  clock_gettime: [0n, 1n, 2n, 3n, 4n, 7n].map(clock => [clock, POINTER]),
  clock_nanosleep: [0n, 1n].map(clock => [clock, 0n, POINTER]),
  futex: [0n, 1n, 128n, 129n, 137n, 393n].map(operation => [POINTER, operation]),
  socket: [1n, 2n, 10n, 16n].flatMap(family =>
    [1n, 2n, 3n, 0x80001n, 0x80801n, 0x80002n].map(type => [family, type]),
  ),
  getrusage: [[0n], [0xffffffffn], [-1n]],
  fadvise64: [2n, 3n].map(advice => [3n, 0n, 0n, advice]),
  statx: [0n, 0x100n, 0x800n, 0x900n].flatMap(flags =>
    [0x7ffn, 0x25en, 0x2n, 0xfffn, 0x17ffn].map(mask => [CWD, POINTER, flags, mask]),
  ),
  readlinkat: [[CWD, POINTER]],
  unlinkat: [
    [CWD, POINTER, 0n],
    [CWD, POINTER, 0x200n],
  ],
}

/** Every number that is read is this one. */
const memoryOf = value => ({
  read: (_address, length) => {
    const bytes = new Uint8Array(Math.max(length, 8))
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
    return bytes.subarray(0, length)
  },
})
/** Handlers, masks and flags of struct sigaction: SIG_IGN, SA_RESTORER with others. */
const ACTION_WORDS = [
  0, 1, 0x4000000, 0x4000004, 0x4000001, 0x14000000, 0x14000004, 0xc000000, 0x1c000000, 0xc000004,
]
const LIMITS = [0n, 1024n, 4096n, 1048576n, 8n << 20n, 64n << 20n, 2n ** 64n - 1n]

const unsigned = args => Array.from({ length: 6 }, (_, index) => BigInt.asUintN(64, args[index] ?? 0n))

function build(form) {
  const tables = new LaneTables()
  const options = { spelling: 'abbrev' }
  const json = form === 'json' ? value => JSON.stringify(jsonValue(value)) : undefined
  for (let nr = 0; nr < PLANNED_CALLS; nr++) {
    const plan = standardPlan(nr, form).compile()
    if (plan) tables.plan(nr, plan)
  }
  const teach = (name, args, memory, outcome) => {
    const nr = syscallNumber(name)
    const call = { nr, args: unsigned(args), abi: 'x86_64' }
    teachNames(tables, standardPlan(nr, form), call, memory, options, outcome, json)
  }
  const nothing = memoryOf(0)
  for (let signal = 1n; signal <= 64n; signal++) teach('rt_sigaction', [signal, 0n, 0n, 8n], nothing)
  for (const word of ACTION_WORDS)
    for (const outcome of [undefined, { value: 0n, failed: false }])
      teach('rt_sigaction', [1n, POINTER, POINTER, 8n], memoryOf(word), outcome)
  for (const [name, calls] of Object.entries(SEEN))
    for (const args of calls) {
      teach(name, args, nothing)
      if (name !== 'fcntl') teach(name, args, nothing, { value: 0n, failed: false })
    }
  for (const mode of MODES)
    teach('newfstatat', [CWD, POINTER, POINTER, 0n], memoryOf(mode), { value: 0n, failed: false })
  for (const mask of [0x7ff, 0x17ff, 0x37ff, 0x1fff, 0xfff])
    teach('statx', [CWD, POINTER, 0n, 0n], memoryOf(mask), { value: 0n, failed: false })
  for (const mode of MODES)
    teach('statx', [CWD, POINTER, 0n, 0n], memoryOf(mode), { value: 0n, failed: false })
  for (const limit of LIMITS)
    teach('prlimit64', [0n, 3n, 0n, POINTER], memoryOf(limit), { value: 0n, failed: false })
  for (const errno of ERRNOS.filter(each => each > 0))
    teach('close', [3n], nothing, { value: BigInt(-errno), failed: true })
  return tables.save()
}

/** Writes the files into this directory. */
export function buildLanes(directory) {
  mkdirSync(directory, { recursive: true })
  for (const form of ['text', 'json'])
    writeFileSync(join(directory, `${form}.bin`), encodePrepared(build(form)))
}
