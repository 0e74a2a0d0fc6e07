/** The files beside a program, which it may read if the caller gives no policy. */
import { dirname } from 'node:path'
import type { PathRule } from './resolved.ts'
import { ACCESS } from './resolved.ts'

/** Directories of programs that need nothing beside them. */
const OF_THE_SYSTEM = /^\/(usr|bin|sbin|lib|lib32|lib64|libx32)(\/|$)/

/**
 * The rule; `undefined` for a program of the system. Files in directories below are not granted:
 * the program may lie in a home directory.
 *
 * @example
 * besideProgram('/home/me/tool') // read: /home/me/*
 */
export function besideProgram(program: string): PathRule | undefined {
  const path = dirname(program)
  if (path === '/' || OF_THE_SYSTEM.test(path)) return undefined
  const text = `read: ${path}/*`
  return { text, kind: 'level', path, access: ACCESS.read | ACCESS.list | ACCESS.stat }
}
