/**
 * The file that the kernel executes in place of a program, or loads with it: the interpreter of a
 * script, and the loader of a dynamic program. It has to be granted too. Landlock judges it; the
 * name is needed to report the denial.
 */
import { syscall } from '../../gate/gate.ts'
import { AT_FDCWD, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDONLY } from '../../linux/constants.ts'
import { pathOfBytes } from '../../linux/path-bytes.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { closeObject, pathOfDescriptor, typeOf } from './object.ts'

const OPENAT = syscallNumber('openat')
const PREAD64 = syscallNumber('pread64')
const READ = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
/** The headers of a program, with room for what linkers put there. */
const HEAD_BYTES = 4096
/** BINPRM_BUF_SIZE: the kernel reads no longer first line. */
const FIRST_LINE_BYTES = 256
/** e_ident of a program of this machine's class, and the fields that are needed. */
const ELF64 = Buffer.from('\x7fELF\x02\x01', 'latin1')
const ELF = { phoff: 32, phnum: 56, phentsize: 56, interpreter: 3 } as const
const FIRST_LINE = /^#![ \t]*([^ \t\n\0]+)/

/** Its path, as the file has it; undefined if there is none, or if the file cannot be read. */
export function interpreterOf(fd: number): string | undefined {
  if (typeOf(fd) !== 'file') return undefined
  const file = syscall(OPENAT, AT_FDCWD, pathOfDescriptor(fd), READ, 0)
  if (file < 0) return undefined
  try {
    const head = read(file, 0, HEAD_BYTES)
    if (head.subarray(0, ELF64.length).equals(ELF64)) return loaderOf(file, head)
    const line = head.toString('latin1', 0, FIRST_LINE_BYTES)
    const name = FIRST_LINE.exec(line)?.[1]
    return name === undefined ? undefined : pathOfBytes(Buffer.from(name, 'latin1'))
  } finally {
    closeObject(file)
  }
}

function read(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  return bytes.subarray(0, Math.max(0, syscall(PREAD64, file, bytes, length, offset)))
}

/** The text of the segment PT_INTERP. */
function loaderOf(file: number, head: Buffer): string | undefined {
  const start = Number(head.readBigUInt64LE(ELF.phoff))
  const count = head.readUInt16LE(ELF.phnum)
  for (let at = start; at < start + count * ELF.phentsize; at += ELF.phentsize) {
    if (at + ELF.phentsize > head.length) return undefined
    if (head.readUInt32LE(at) !== ELF.interpreter) continue
    const [offset, size] = [head.readBigUInt64LE(at + 8), head.readBigUInt64LE(at + 32)]
    if (size > BigInt(HEAD_BYTES)) return undefined
    const text = read(file, Number(offset), Number(size))
    return pathOfBytes(text.subarray(0, text.indexOf(0)))
  }
  return undefined
}
