/** The texts of /proc/PID: stat, status, maps, limits. proc(5) has their fields. */
import type { ProcArea, ProcProcess, ProcTask } from './source.ts'

const PAGE = 4096
/** USER_HZ: times of /proc are in hundredths of a second. */
const ticks = (nanoseconds: number): number => Math.floor(nanoseconds / 1e7)

const stateOf = (process: ProcProcess, task: ProcTask | undefined): string =>
  task?.stateLetter ?? (process.tasks.length === 0 ? 'Z' : 'S')

export function statText(process: ProcProcess, task: ProcTask | undefined): string {
  const { virtualBytes, residentBytes } = process.memory()
  const cpu = ticks(task !== undefined && process.tasks.length > 1 ? task.cpuNs() : process.cpuNs())
  const { pid, parentPid, group, session, nice } = process
  const startedTicks = ticks((task ?? process).startedNs)
  const before = [
    task?.tid ?? pid,
    `(${task?.comm ?? ''})`,
    stateOf(process, task),
    parentPid,
    group,
    session,
  ]
  const limit = process.limits[5]?.soft ?? Infinity
  const rss = limit === Infinity ? '18446744073709551615' : limit
  return `${[
    ...before,
    ...[
      process.terminal?.device ?? 0,
      process.terminal?.group ?? -1,
      4_194_304,
      process.faults,
      process.childrenFaults,
      0,
      0,
      cpu,
      0,
      ticks(process.childrenCpuNs()),
      0,
    ],
    ...[20 + nice, nice, Math.max(1, process.tasks.length), 0, startedTicks, virtualBytes],
    ...[Math.floor(residentBytes / PAGE), rss, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 0],
    ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  ].join(' ')}\n`
}

export function statmText(process: ProcProcess): string {
  const { virtualBytes, residentBytes } = process.memory()
  const resident = Math.floor(residentBytes / PAGE)
  return `${Math.floor(virtualBytes / PAGE)} ${resident} ${Math.min(resident, 256)} 1 0 ${resident} 0\n`
}

const STATES: Readonly<Record<string, string>> = {
  R: 'R (running)',
  S: 'S (sleeping)',
  D: 'D (disk sleep)',
  T: 'T (stopped)',
  Z: 'Z (zombie)',
  X: 'X (dead)',
}

const kib = (bytes: number): string => `${String(Math.floor(bytes / 1024)).padStart(8)} kB`

export function statusText(process: ProcProcess, task: ProcTask | undefined): string {
  const { uid, euid, suid, fsuid, gid, egid, sgid, fsgid, groups, privileged } = process.credentials
  const { virtualBytes, residentBytes, lockedBytes } = process.memory()
  const signals = process.signals()
  const capabilities = privileged ? '000001ffffffffff' : '0000000000000000'
  const lines: [string, string | number][] = [
    ['Name', (task?.comm ?? '').replaceAll('\\', '\\\\').replaceAll('\n', '\\n')],
    ['Umask', (process.fs?.umask ?? 0).toString(8).padStart(4, '0')],
    ['State', STATES[stateOf(process, task)] ?? 'S (sleeping)'],
    ['Tgid', process.pid],
    ['Ngid', 0],
    ['Pid', task?.tid ?? process.pid],
    ['PPid', process.parentPid],
    ['TracerPid', 0],
    ['Uid', [uid, euid, suid, fsuid].join('\t')],
    ['Gid', [gid, egid, sgid, fsgid].join('\t')],
    ['FDSize', process.files?.size ?? 0],
    ['Groups', `${groups.join(' ')} `],
    ['NStgid', process.pid],
    ['NSpid', task?.tid ?? process.pid],
    ['NSpgid', process.group],
    ['NSsid', process.session],
    ['VmPeak', kib(virtualBytes)],
    ['VmSize', kib(virtualBytes)],
    ['VmLck', kib(lockedBytes)],
    ['VmPin', kib(0)],
    ['VmHWM', kib(residentBytes)],
    ['VmRSS', kib(residentBytes)],
    ['RssAnon', kib(residentBytes)],
    ['RssFile', kib(0)],
    ['RssShmem', kib(0)],
    ['VmData', kib(residentBytes)],
    ['VmStk', kib(132 * 1024)],
    ['VmExe', kib(0)],
    ['VmLib', kib(0)],
    ['VmPTE', kib(64 * 1024)],
    ['VmSwap', kib(0)],
    ['Threads', Math.max(1, process.tasks.length)],
    ['SigQ', signals.queued],
    ['SigPnd', signals.pending],
    ['ShdPnd', signals.shared],
    ['SigBlk', signals.blocked],
    ['SigIgn', signals.ignored],
    ['SigCgt', signals.caught],
    ['CapInh', '0000000000000000'],
    ['CapPrm', capabilities],
    ['CapEff', capabilities],
    ['CapBnd', '000001ffffffffff'],
    ['CapAmb', '0000000000000000'],
    ['NoNewPrivs', 1],
    ['Seccomp', 0],
    ['Cpus_allowed', '1'],
    ['Cpus_allowed_list', '0'],
    ['Mems_allowed', '1'],
    ['Mems_allowed_list', '0'],
    ['voluntary_ctxt_switches', 1],
    ['nonvoluntary_ctxt_switches', 0],
  ]
  return lines.map(([name, value]) => `${name}:\t${value}\n`).join('')
}

/** What goes to a disk is not known. */
export const ioText = ({ transfers }: ProcProcess): string =>
  [
    `rchar: ${transfers.readBytes}`,
    `wchar: ${transfers.writtenBytes}`,
    `syscr: ${transfers.reads}`,
    `syscw: ${transfers.writes}`,
    ...['read_bytes: 0', 'write_bytes: 0', 'cancelled_write_bytes: 0', ''],
  ].join('\n')

export const mapsText = (process: ProcProcess): string => process.areas().map(mapsLine).join('')

const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0')

/** A dev_t as /proc/PID/maps shows it: `fe:01`. */
export function deviceNumbers(device: number): string {
  const major = (device >>> 8) & 0xfff
  const minor = (device & 0xff) | ((device >>> 12) & ~0xff)
  return `${hex(major, 2)}:${hex(minor, 2)}`
}

export const hexAddress = (address: number): string => hex(address, 8)

export function mapsLine(area: ProcArea): string {
  const { protection, device } = area
  const rights = ['r', 'w', 'x'].map((letter, bit) => ((protection >> bit) & 1 ? letter : '-')).join('')
  const head = `${hex(area.start, 8)}-${hex(area.end, 8)} ${rights}${area.shared ? 's' : 'p'}`
  const line = `${head} ${hex(area.fileOffset, 8)} ${deviceNumbers(device)} ${area.inode}`
  return area.name === '' ? `${line} \n` : `${line.padEnd(72)} ${area.name}\n`
}

/** RLIMIT_* in their order, with the words and the unit of the file. */
const LIMITS: readonly (readonly [words: string, unit: string])[] = [
  ['Max cpu time', 'seconds'],
  ['Max file size', 'bytes'],
  ['Max data size', 'bytes'],
  ['Max stack size', 'bytes'],
  ['Max core file size', 'bytes'],
  ['Max resident set', 'bytes'],
  ['Max processes', 'processes'],
  ['Max open files', 'files'],
  ['Max locked memory', 'bytes'],
  ['Max address space', 'bytes'],
  ['Max file locks', 'locks'],
  ['Max pending signals', 'signals'],
  ['Max msgqueue size', 'bytes'],
  ['Max nice priority', ''],
  ['Max realtime priority', ''],
  ['Max realtime timeout', 'us'],
]

export function limitsText({ limits }: ProcProcess): string {
  const shown = (value: number | undefined): string =>
    (value === undefined || value === Infinity ? 'unlimited' : String(value)).padEnd(20)
  const head = 'Limit                     Soft Limit           Hard Limit           Units     \n'
  const lines = LIMITS.map(([words, unit], index) => {
    const { soft, hard } = limits[index] ?? {}
    return `${words.padEnd(25)} ${shown(soft)} ${shown(hard)} ${unit.padEnd(10)}\n`
  })
  return head + lines.join('')
}
