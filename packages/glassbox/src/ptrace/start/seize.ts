/**
 * Seizes a thread: PTRACE_SEIZE with all options at once, and the reasons why the kernel may
 * refuse.
 */
import { readFileSync } from 'node:fs'
import { GlassboxError, MissingFeatureError } from '../../errors.ts'
import { ptrace } from '../../gate/ptrace.ts'
import {
  PTRACE_INTERRUPT,
  PTRACE_O_EXITKILL,
  PTRACE_O_TRACECLONE,
  PTRACE_O_TRACEEXEC,
  PTRACE_O_TRACEEXIT,
  PTRACE_O_TRACEFORK,
  PTRACE_O_TRACESECCOMP,
  PTRACE_O_TRACESYSGOOD,
  PTRACE_O_TRACEVFORK,
  PTRACE_O_TRACEVFORKDONE,
  PTRACE_SEIZE,
} from '../../linux/constants.ts'
import { ERRNO, errnoMessage, errnoName } from '../../linux/errno.ts'
import { procOf } from '../subject/proc-id.ts'

export interface SeizeOptions {
  readonly follow: boolean
  readonly killOnExit: boolean
  readonly filtered: boolean
}

const ALWAYS = PTRACE_O_TRACESYSGOOD + PTRACE_O_TRACEEXEC + PTRACE_O_TRACEEXIT
const FOLLOW = PTRACE_O_TRACEFORK + PTRACE_O_TRACEVFORK + PTRACE_O_TRACECLONE + PTRACE_O_TRACEVFORKDONE

/** PTRACE_O_* bits. */
export const optionBits = ({ follow, killOnExit, filtered }: SeizeOptions): number =>
  ALWAYS +
  (follow ? FOLLOW : 0) +
  (killOnExit ? PTRACE_O_EXITKILL : 0) +
  (filtered ? PTRACE_O_TRACESECCOMP : 0)

/** Returns 0 or the errno. The thread keeps running. */
export function seize(tid: number, options: SeizeOptions): number {
  return -ptrace(PTRACE_SEIZE, tid, 0, optionBits(options))
}

/** Asks for a stop, which comes later. */
export function interrupt(tid: number): void {
  ptrace(PTRACE_INTERRUPT, tid)
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** Explains the errno of PTRACE_SEIZE for this thread, and what would help. */
export function seizeError(tid: number, errno: number): GlassboxError {
  const message = `attach: ptrace(PTRACE_SEIZE, ${tid}): ${errnoMessage(errno)}`
  const details = { errno, syscall: 'ptrace', path: String(tid) }
  if (errno !== ERRNO.EPERM) {
    const hint =
      errno === ERRNO.ESRCH
        ? 'The process has ended, or the id is wrong. List the processes with ps.'
        : `The kernel returned ${errnoName(errno)}; see ptrace(2).`
    return new GlassboxError('ERR_GLASSBOX_SYSTEM', message, { ...details, hint })
  }
  return new MissingFeatureError('ptrace', message, refusal(tid))
}

function refusal(tid: number): string {
  const status = textOf(`${procOf(tid)}/status`)
  const field = (name: string): string => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? ''
  if (field('State') === 'Z') return 'The process has ended, and its parent has not waited for it yet.'
  const tracer = field('TracerPid')
  if (tracer !== '' && tracer !== '0')
    return `It is already traced by process ${tracer}: a thread can have only one tracer.`
  const uid = field('Uid')
  if (uid !== '' && uid !== String(process.getuid?.()))
    return `It belongs to user ${uid}: trace it as that user or as root.`
  const scope = textOf('/proc/sys/kernel/yama/ptrace_scope')
  if (scope !== '' && scope !== '0')
    return `The kernel forbids it (kernel.yama.ptrace_scope is ${scope}): run as root, or set it to 0.`
  return 'This user may not trace the process: run as root, and in a container with CAP_SYS_PTRACE.'
}
