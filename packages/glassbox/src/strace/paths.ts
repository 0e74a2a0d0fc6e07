/** -P: whether a call concerns one of the paths, by an argument that names it or by a descriptor that leads to it. */
import { realpathSync } from 'node:fs'
import { signed32 } from '../decode/context.ts'
import { readString } from '../decode/memory.ts'
import { syscallByNumber } from '../linux/syscalls.ts'
import type { EnteredCall, Tracee } from '../tracer/types.ts'
import { linkOf } from './descriptors.ts'

const PATH_MAX = 4096

/** As they are given, and what they lead to. */
export function resolvePaths(paths: readonly string[], tell: (text: string) => void): readonly string[] {
  return paths.flatMap(path => {
    try {
      const real = realpathSync(path)
      if (real === path) return [path]
      tell(`Requested path "${path}" resolved into "${real}"`)
      return [path, real]
    } catch {
      return [path]
    }
  })
}

/** The comparison is of the text: what the program says, not what it means. */
export function concerns(call: EnteredCall, tracee: Tracee, paths: readonly string[]): boolean {
  const args = syscallByNumber(call.nr)?.args ?? []
  return args.some(({ kind }, index) => {
    const value = call.args[index] ?? 0n
    if (kind === 'path') {
      const read = readString(tracee, value, PATH_MAX)
      return read !== undefined && paths.includes(Buffer.from(read.bytes).toString())
    }
    if (kind !== 'fd') return false
    const target = linkOf(call.tid, signed32(value))
    return target !== undefined && paths.includes(target)
  })
}
