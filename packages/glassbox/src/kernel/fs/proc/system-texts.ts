/** The texts of /proc that are about the whole world. */
import { readFileSync } from 'node:fs'
import type { ProcSource } from './source.ts'

/** The version of Linux that this kernel behaves like: uname(2) says it as well. */
export const RELEASE = '6.1.0'
export const VERSION = '#1 SMP PREEMPT_DYNAMIC glassbox'

const KIB = 1024

export function meminfo({ system }: ProcSource): string {
  const total = system.memoryBytes === Infinity ? 16 * 2 ** 30 : system.memoryBytes
  const free = Math.max(0, total - system.usedBytes)
  const rows: [string, number][] = [
    ['MemTotal', total],
    ['MemFree', free],
    ['MemAvailable', free],
    ['Buffers', 0],
    ['Cached', 0],
    ['SwapCached', 0],
    ['Active', system.usedBytes],
    ['Inactive', 0],
    ['SwapTotal', 0],
    ['SwapFree', 0],
    ['Dirty', 0],
    ['Writeback', 0],
    ['AnonPages', system.usedBytes],
    ['Mapped', 0],
    ['Shmem', 0],
    ['KReclaimable', 0],
    ['Slab', 0],
    ['SReclaimable', 0],
    ['SUnreclaim', 0],
    ['PageTables', 0],
    ['CommitLimit', total],
    ['Committed_AS', system.usedBytes],
    ['VmallocTotal', 35_184_372_087_808],
    ['VmallocUsed', 0],
    ['HugePages_Total', -1],
    ['Hugepagesize', 2 * 2 ** 20],
  ]
  return rows
    .map(([name, bytes]) => {
      const label = `${name}:`.padEnd(16)
      return bytes < 0
        ? `${label}${'0'.padStart(8)}\n`
        : `${label}${String(Math.floor(bytes / KIB)).padStart(8)} kB\n`
    })
    .join('')
}

const idleNs = ({ system }: ProcSource): number => Math.max(0, system.monotonicNs - system.usedNs)

export function uptime(source: ProcSource): string {
  const seconds = (nanoseconds: number): string => (nanoseconds / 1e9).toFixed(2)
  return `${seconds(source.system.monotonicNs)} ${seconds(idleNs(source))}\n`
}

export function loadavg(source: ProcSource): string {
  const processes = source.pids().length
  return `0.00 0.00 0.00 1/${processes} ${source.system.lastPid}\n`
}

/** /proc/stat: one processor. */
export function stat(source: ProcSource): string {
  const ticks = (nanoseconds: number): number => Math.floor(nanoseconds / 1e7)
  const row = `${ticks(source.system.usedNs)} 0 0 ${ticks(idleNs(source))} 0 0 0 0 0 0`
  return [
    `cpu  ${row}`,
    `cpu0 ${row}`,
    'intr 0',
    'ctxt 0',
    `btime ${source.system.bootSeconds}`,
    `processes ${source.system.lastPid}`,
    'procs_running 1',
    'procs_blocked 0',
    'softirq 0 0 0 0 0 0 0 0 0 0 0\n',
  ].join('\n')
}

/** /proc/vmstat: the counters that programs ask for; nothing is ever swapped. */
export function vmstat({ system }: ProcSource): string {
  const page = 4096
  const free = system.memoryBytes === Infinity ? 0 : system.memoryBytes - system.usedBytes
  const pages = (bytes: number): number => Math.max(0, Math.floor(bytes / page))
  const rows: [string, number][] = [
    ['nr_free_pages', pages(free)],
    ['nr_active_anon', pages(system.usedBytes)],
    ...['nr_inactive_anon', 'nr_active_file', 'nr_inactive_file', 'nr_dirty', 'nr_writeback'].map(zero),
    ...['pgpgin', 'pgpgout', 'pswpin', 'pswpout', 'pgfault', 'pgmajfault'].map(zero),
  ]
  return rows.map(([name, count]) => `${name} ${count}\n`).join('')
}

const zero = (name: string): [string, number] => [name, 0]

/** The processor of the host, as one: guests run on one at a time. */
export function cpuinfo(): string {
  try {
    const [first = ''] = readFileSync('/proc/cpuinfo', 'latin1').split('\n\n')
    return `${first}\n\n`
  } catch {
    return 'processor\t: 0\nvendor_id\t: unknown\n\n'
  }
}

export const version = (): string => `Linux version ${RELEASE} (glassbox) ${VERSION}\n`

export const filesystems = (): string =>
  [
    'nodev\tproc',
    'nodev\ttmpfs',
    'nodev\tdevtmpfs',
    'nodev\tpipefs',
    'nodev\tsockfs',
    'nodev\tdevpts',
    '\text4\n',
  ].join('\n')
