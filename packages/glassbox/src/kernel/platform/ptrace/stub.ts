/**
 * Starts stubs: a child of this thread that it traces from the first instruction on, in an address
 * space that is empty but for the stub itself, behind its filter.
 */
import { type GlassboxError, MissingFeatureError } from '../../../errors.ts'
import { close } from '../../../gate/descriptors.ts'
import { call, syscall, systemError } from '../../../gate/gate.ts'
import {
  GUEST_COMMAND_LAYOUT,
  mapMemory,
  STUB_CODE,
  STUB_PAGE,
  STUB_PAGE_BYTES,
} from '../../../gate/guest.ts'
import { createMemoryFile } from '../../../gate/memory-file.ts'
import { ptrace, type SeizedStart, startSeized } from '../../../gate/ptrace.ts'
import { programDescriptor } from '../../../launch/static-program.ts'
import { errnoText, stepError } from '../../../launch/step-error.ts'
import {
  __WALL,
  PTRACE_CONT,
  PTRACE_GETREGS,
  PTRACE_O_EXITKILL,
  PTRACE_O_TRACECLONE,
  PTRACE_O_TRACESYSGOOD,
  SECCOMP_SET_MODE_FILTER,
} from '../../../linux/constants.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { PlatformError } from '../platform-error.ts'
import { REGISTER, Registers } from '../registers.ts'
import { CommandQueue } from './commands.ts'
import { stubFilter } from './filter.ts'
import { stubsOfThread } from './stub-list.ts'
import { type MadeStubPlan, stubPlan } from './stub-plan.ts'

const OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL
const PAGE = 4096
/** The end of user space. */
const TOP = 0x7ffffffff000
const SIGTRAP_STOP = 0x057f
const KILL = 9
/** Commands take the first half of their page; the second has data of the first ones. */
export const MOST_COMMANDS: number = STUB_PAGE_BYTES / 2 / GUEST_COMMAND_LAYOUT.SIZE
const DATA = STUB_PAGE_BYTES / 2
const SOCK_FPROG_BYTES = 16

const WAIT4 = syscallNumber('wait4')
let plan: MadeStubPlan | undefined

export interface Stub {
  readonly pid: number
  /** Its page of commands. */
  readonly page: Int32Array
  /** What a thread that runs a batch has in its registers, but for the number of commands. */
  readonly registers: Registers
  /** The commands that empty its address space and install its filter. */
  readonly first: CommandQueue
}

/** Starts a stub over these files. It waits for its first batch. Throws if the host refuses. */
export function startStub(world: number, cache: number): Stub {
  plan ??= stubPlan()
  const file = createMemoryFile('glassbox commands')
  try {
    call('ftruncate', [file, STUB_PAGE_BYTES])
    const buffer = mapMemory(file, 0, STUB_PAGE_BYTES)
    if (typeof buffer === 'number') throw systemError('mmap', -buffer)
    const started = startSeized(plan.encoded.bytes, [file, world, cache, programDescriptor('stub')], OPTIONS)
    if ('step' in started)
      throw started.step === 'seize'
        ? noTracing(started.errno)
        : systemError(started.step === 'killed' ? 'ptrace' : 'clone3', started.errno)
    awaitTrap(started, plan)
    stubsOfThread().add(started.pid)
    return {
      pid: started.pid,
      page: new Int32Array(buffer),
      registers: batchRegisters(started.pid),
      first: firstCommands(new Uint8Array(buffer)),
    }
  } finally {
    close(file)
  }
}

/** The host refuses ptrace(2). */
const noTracing = (errno: number): GlassboxError =>
  new MissingFeatureError(
    'ptrace',
    `The kernel runner needs ptrace(2), which this host refuses: ${errnoText(errno)}`,
    'A seccomp filter of a container forbids it, or kernel.yama.ptrace_scope is 3: allow it there, ' +
      'or use another runner. `glassbox doctor` tells which ones work here.',
    undefined,
    { errno, syscall: 'ptrace' },
  )

/** Waits for the trap by which the stub says that it is ready. */
function awaitTrap(started: SeizedStart, { plan: steps, encoded }: MadeStubPlan): void {
  const { pid } = started
  const status = new Int32Array(1)
  for (;;) {
    const got = syscall(WAIT4, pid, status, __WALL, 0)
    const [word = 0] = status
    if (got === pid && word === SIGTRAP_STOP) break
    if (got === pid && (word & 0xff) === 0x7f) {
      ptrace(PTRACE_CONT, pid)
      continue
    }
    if (got !== pid) throw systemError('wait4', -got)
    const failure = started.end()
    if (failure) throw stepError(steps, encoded.origin[failure.step], failure.errno)
    throw new PlatformError('A stub was killed from outside before it was ready')
  }
  started.end()
}

function batchRegisters(pid: number): Registers {
  const registers = new Registers()
  ptrace(PTRACE_GETREGS, pid, 0, registers.words)
  if (registers.get(REGISTER.rax) !== STUB_PAGE) {
    syscall(syscallNumber('kill'), pid, KILL)
    syscall(WAIT4, pid, 0, __WALL, 0)
    throw new PlatformError('mapping the page of commands of a stub', -registers.get(REGISTER.rax))
  }
  registers.set(REGISTER.orig_rax, -1)
  registers.set(REGISTER.rip, STUB_CODE + 64)
  registers.set(REGISTER.r12, STUB_PAGE)
  return registers
}

function firstCommands(page: Uint8Array): CommandQueue {
  const queue = new CommandQueue()
  const filter = stubFilter()
  const view = new DataView(page.buffer)
  view.setUint16(DATA, filter.length / 8, true)
  view.setBigUint64(DATA + 8, BigInt(STUB_PAGE + DATA + SOCK_FPROG_BYTES), true)
  page.set(filter, DATA + SOCK_FPROG_BYTES)
  const munmap = syscallNumber('munmap')
  queue.add(munmap, 0, STUB_CODE)
  queue.add(munmap, STUB_CODE + PAGE, STUB_PAGE - STUB_CODE - PAGE)
  queue.add(munmap, STUB_PAGE + STUB_PAGE_BYTES, TOP - STUB_PAGE - STUB_PAGE_BYTES)
  queue.add(syscallNumber('seccomp'), SECCOMP_SET_MODE_FILTER, 0, STUB_PAGE + DATA)
  return queue
}
