/**
 * execve(2): a task becomes another program. Everything that can fail is done first; from the
 * moment when the old memory goes, a failure ends the process.
 */
import { FOLLOW } from '../fs/path/walk.ts'
import type { FsCaller, Location } from '../fs/vfs.ts'
import { loadImage } from '../mm/image/load.ts'
import { readImage } from '../mm/image/image.ts'
import type { Image } from '../mm/image/image.ts'
import type { WorldMemory } from '../mm/world-memory.ts'
import { REGISTER } from '../platform/registers.ts'
import { NO_RESULT } from '../wait/blocking.ts'
import { afterExec } from './credentials.ts'
import type { TaskCredentials } from './credentials.ts'
import { executableAt, findExecutable, findProgram, setIds } from './executable.ts'
import type { Executable, Program } from './executable.ts'
import { endTask, exitGroup } from './exit.ts'
import { signalFrameSize } from './signals/frame.ts'
import { SIGNAL } from './signals/numbers.ts'
import type { Task } from './state.ts'

export interface ExecRequest {
  readonly path: Uint8Array
  readonly args: readonly Uint8Array[]
  readonly env: readonly Uint8Array[]
  /** Where a relative path begins. */
  readonly at: Location
  /** The file itself, of an open descriptor, instead of a path: fexecve(3). */
  readonly file?: Location
  /** As for a walk: FOLLOW, or 0 for AT_SYMLINK_NOFOLLOW. */
  readonly how?: number
}

/** NO_RESULT, or a negative errno: then nothing has changed. */
export function execTask(task: Task, request: ExecRequest): number {
  const executable =
    request.file === undefined
      ? findExecutable(task, request.at, request.path, request.how ?? FOLLOW)
      : executableAt(request.file, task)
  if (typeof executable === 'number') return executable
  const program = findProgram(task.world.platform, task, executable, request.path, request.args)
  if (typeof program === 'number') return program
  const image = imageOf(task.world.memory, task, program.executable)
  if (typeof image === 'number') return image

  const formerTid = task.tid
  leaveThreads(task)
  // An open file has no path: its own name is what ps shows.
  const comm = request.file?.dentry.name.slice(0, COMM_LENGTH) ?? commOf(request.path)
  changeIdentity(task, program, comm)
  replaceMemory(task)
  if (startImage(task, image, program, request.env) !== 0) exitGroup(task.process, SIGNAL.SIGKILL)
  else task.world.observer?.executed(task, formerTid)
  return NO_RESULT
}

/** Reads and checks the program and its interpreter. */
export function imageOf(memory: WorldMemory, caller: FsCaller, executable: Executable): Image | number {
  return readImage(memory, executable.file, path => {
    const found = findExecutable(caller, caller.fs.cwd, Buffer.from(path, 'latin1'))
    return typeof found === 'number' ? found : found.file
  })
}

/** The other threads end, and the caller becomes the first one of its process. */
function leaveThreads(task: Task): void {
  const { process, world } = task
  for (const other of [...process.tasks]) if (other !== task) endTask(other)
  if (task.tid === process.pid) return
  world.tasks.delete(task.tid)
  task.tid = process.pid
  world.tasks.set(task.tid, task)
}

/** What a new program does not take over: execve(2), "Effect on process attributes". */
function changeIdentity(task: Task, program: Program, comm: string): void {
  const { process } = task
  process.timers.clearForExec()
  process.actions = process.actions.copy()
  process.actions.dropHandlers()
  process.execed = true
  process.executable = program.executable.location
  task.alternateStack = undefined
  task.clearTid = 0
  task.robustList = 0
  task.comm = comm
  const before = task.credentials
  task.credentials = newCredentials(before, program.executable)
  const raised = task.credentials.euid !== before.euid || task.credentials.egid !== before.egid
  if (raised) task.parentDeathSignal = 0
  process.dumpable = raised ? 0 : 1
  task.unshareFiles()
  task.files.closeForExec()
}

function newCredentials(before: TaskCredentials, executable: Executable): TaskCredentials {
  const { uid, gid } = before.noNewPrivileges ? { uid: undefined, gid: undefined } : setIds(executable)
  return afterExec({ ...before, euid: uid ?? before.euid, egid: gid ?? before.egid })
}

const COMM_LENGTH = 15

/** The last component of the path, cut to 15 bytes. */
export function commOf(path: Uint8Array): string {
  const text = Buffer.from(path).toString('latin1')
  return text.slice(text.lastIndexOf('/') + 1).slice(0, COMM_LENGTH)
}

function replaceMemory(task: Task): void {
  const old = task.addressSpace
  const fresh = old.exec()
  task.addressSpace = fresh
  if (fresh.space !== old.space) {
    task.thread.moveTo(fresh.space)
    old.drop()
  }
  fresh.limits = task.process.limits
  task.process.lending.end()
}

/** Maps the image and sets the registers of the thread to its start; −errno if it does not fit. */
export function startImage(task: Task, image: Image, program: Program, env: readonly Uint8Array[]): number {
  const { uid, euid, gid, egid } = task.credentials
  const facts = {
    uid,
    euid,
    gid,
    egid,
    secure: uid !== euid || gid !== egid,
    execPath: program.path,
    signalFrameSize: frameSizeOf(task),
  }
  const strings = { args: program.args, env }
  const started = loadImage(task.addressSpace, image, strings, facts, task.world.random)
  if (typeof started === 'number') return started
  const registers = task.thread.registers()
  for (let i = 0; i < REGISTER.cs; i++) registers.set(i, 0)
  registers.set(REGISTER.orig_rax, -1)
  registers.set(REGISTER.rip, started.ip)
  registers.set(REGISTER.rsp, started.sp)
  registers.set(REGISTER.eflags, START_FLAGS)
  registers.set(REGISTER.fs_base, 0)
  registers.set(REGISTER.gs_base, 0)
  for (const selector of [REGISTER.ds, REGISTER.es, REGISTER.fs, REGISTER.gs]) registers.set(selector, 0)
  task.thread.changed()
  task.thread.setExtended(undefined)
  return 0
}

/** The extended state is of the same length in all threads of a host. */
let frameSize = 0

function frameSizeOf(task: Task): number {
  if (frameSize === 0) frameSize = signalFrameSize(task.thread.extended().length)
  return frameSize
}

/** Interrupts are on; bit 1 is always set. */
const START_FLAGS = 0x202
