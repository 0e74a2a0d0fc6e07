/**
 * The rows about the kernel: its version, with the features that glassbox uses of each, seccomp
 * and ptrace.
 */
import { readFileSync } from 'node:fs'
import { release } from 'node:os'
import type { Row } from './row.ts'

/** [version, feature since then, whether glassbox needs it to work at all] */
const FEATURES: readonly (readonly [version: string, feature: string, needed: boolean])[] = [
  ['5.6', 'files in and out beneath the box (openat2)', true],
  ['5.7', 'birth in a cgroup v2 (CLONE_INTO_CGROUP)', false],
  ['5.9', 'descriptors closed at once (close_range)', true],
  ['5.12', 'recursively read-only binds (mount_setattr)', true],
  ['5.14', 'killing a whole cgroup v2', false],
  ['5.19', 'peak memory of cgroup v2', false],
  ['6.1', 'peak number of processes', false],
]

const parts = (version: string): [number, number] => {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number)
  return [major, minor]
}

export function isAtLeast(version: string, wanted: string): boolean {
  const [major, minor] = parts(version)
  const [wantedMajor, wantedMinor] = parts(wanted)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

export function kernelRow(version: string = release()): Row {
  const missing = FEATURES.filter(([since]) => !isAtLeast(version, since))
  const needed = missing.some(([, , isNeeded]) => isNeeded)
  return {
    subject: 'kernel',
    found: `Linux ${version}`,
    state: needed ? 'no' : missing.length > 0 ? 'partly' : 'yes',
    meaning:
      missing.length === 0
        ? 'everything that glassbox uses'
        : `lacks ${missing.map(([since, what]) => `${what}: Linux ${since}`).join('; ')}`,
    ...(missing.length > 0 ? { fix: `use Linux ${missing.at(-1)?.[0]} or later` } : {}),
  }
}

const ACTIONS = ['errno', 'kill_process', 'user_notif']

export function seccompRow(text: string = readText('/proc/sys/kernel/seccomp/actions_avail')): Row {
  const missing = ACTIONS.filter(action => !text.split(/\s+/).includes(action))
  return {
    subject: 'seccomp',
    found: text.trim() || 'not there',
    state: missing.length > 0 ? 'no' : 'yes',
    meaning:
      missing.length > 0
        ? `lacks ${missing.join(', ')}`
        : 'filters, and denied calls reported with their arguments',
    ...(missing.length > 0 ? { fix: 'use a kernel with CONFIG_SECCOMP_FILTER, Linux 5.0 or later' } : {}),
  }
}

const PTRACE_MEANING = [
  'every process of the user',
  'own children only',
  'only with CAP_SYS_PTRACE',
  'nobody',
]

export function ptraceRow(scope: string = readText('/proc/sys/kernel/yama/ptrace_scope')): Row {
  const level = scope.trim() === '' ? 0 : Number(scope)
  return {
    subject: 'ptrace',
    found: scope.trim() === '' ? 'unrestricted' : `yama ptrace_scope ${level}`,
    state: level >= 3 ? 'no' : level === 2 ? 'partly' : 'yes',
    meaning: `may trace: ${PTRACE_MEANING[level] ?? 'unknown'}${level >= 2 ? '; in boxes sanitizers, gdb and MPI fail' : ''}`,
    ...(level >= 2 ? { fix: 'sysctl kernel.yama.ptrace_scope=1 (3 can only be undone by a reboot)' } : {}),
  }
}

export function coreRow(pattern: string = readText('/proc/sys/kernel/core_pattern')): Row {
  const piped = pattern.startsWith('|')
  return {
    subject: 'core files',
    found: pattern.trim(),
    state: 'yes',
    meaning: piped
      ? 'piped to a handler; boxes get a limit of 1 byte, for which it is never started'
      : 'off in boxes',
  }
}

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
