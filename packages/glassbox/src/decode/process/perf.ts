/**
 * struct perf_event_attr: the counted event is always shown, other members only if all are asked
 * for. Source: perf_event_open(2).
 */
import type { Printer } from '../context.ts'
import { bytesOf, readView, readWord } from '../memory.ts'
import { setText } from '../names.ts'
import { address, hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

const FIRST_BYTES = 64
const KNOWN_BYTES = 128
const BRIEF_BYTES = 48

const [HARDWARE, SOFTWARE, TRACEPOINT, CACHE, BREAKPOINT] = [0, 1, 2, 3, 5]

function configText(type: number, config: bigint, options: TextOptions): string {
  if (type === HARDWARE) return setText('=perf_hw', config, options)
  if (type === SOFTWARE) return setText('=perf_sw', config, options)
  if (type === TRACEPOINT) return String(config)
  if (type !== CACHE) return hex(config)
  const [id, operation, result] = [0n, 8n, 16n].map(shift => (config >> shift) & 0xffn) as [
    bigint,
    bigint,
    bigint,
  ]
  const rest = config >> 24n
  const more = rest === 0n ? '' : `${hex(rest)}<<24|`
  return `${more}${setText('=perf_cache_result', result, options)}<<16|${setText('=perf_cache_op', operation, options)}<<8|${setText('=perf_cache', id, options)}`
}

/** The bit fields after read_format: names in order, with their widths in bits. */
const BITS = [
  ...[
    'disabled',
    'inherit',
    'pinned',
    'exclusive',
    'exclude_user',
    'exclude_kernel',
    'exclude_hv',
    'exclude_idle',
  ],
  ...[
    'mmap',
    'comm',
    'freq',
    'inherit_stat',
    'enable_on_exec',
    'task',
    'watermark',
    'precise_ip',
    'mmap_data',
  ],
  ...['sample_id_all', 'exclude_host', 'exclude_guest', 'exclude_callchain_kernel', 'exclude_callchain_user'],
  ...['mmap2', 'comm_exec', 'use_clockid', 'context_switch', 'write_backward', 'namespaces', 'ksymbol'],
  ...[
    'bpf_event',
    'aux_output',
    'cgroup',
    'text_poke',
    'build_id',
    'inherit_thread',
    'remove_on_exec',
    'sigtrap',
  ],
] as const
const SKIDS = ['arbitrary skid', 'constant skid', 'requested to have 0 skid', 'must have 0 skid']

interface Bits {
  /** The abbreviated form has only the set bits, and the one that always has a comment. */
  readonly texts: (full: boolean) => readonly string[]
  readonly has: (name: (typeof BITS)[number]) => boolean
}

function bitsOf(word: bigint): Bits {
  const values = new Map<string, bigint>()
  let at = 0n
  for (const name of BITS) {
    const width = name === 'precise_ip' ? 2n : 1n
    values.set(name, (word >> at) & ((1n << width) - 1n))
    at += width
  }
  const rest = word >> at
  const texts = (full: boolean): string[] => [
    ...[...values].flatMap(([name, value]) => {
      if (name === 'precise_ip') return [`${name}=${value} /* ${SKIDS[Number(value)]} */`]
      return full || value !== 0n ? [`${name}=${value}`] : []
    }),
    ...(rest === 0n ? [] : [`__reserved_1=${hex(rest)} /* Bits 63..${at} */`]),
  ]
  return { texts, has: name => values.get(name) !== 0n }
}

const SAMPLE_BRANCH_STACK = 1n << 11n
const SAMPLE_STACK_USER = 1n << 13n

/** The part that is always shown, up to the bit fields. */
function samples(view: DataView, bits: Bits, options: TextOptions): string[] {
  const long = (at: number): bigint => view.getBigUint64(at, true)
  return [
    `${bits.has('freq') ? 'sample_freq' : 'sample_period'}=${long(16)}`,
    `sample_type=${setText('|perf_sample', long(24), options)}`,
    `read_format=${setText('|perf_read', long(32), options)}`,
    ...bits.texts(options.full ?? false),
  ]
}

/** Everything after the bit fields. Members beyond the size are left out. */
function details(view: DataView, bits: Bits, type: number, size: number, options: TextOptions): string[] {
  const long = (at: number): bigint => view.getBigUint64(at, true)
  const int = (at: number): number => view.getUint32(at, true)
  const isBreakpoint = type === BREAKPOINT
  const sampled = long(24)
  const parts = [
    `${bits.has('watermark') ? 'wakeup_watermark' : 'wakeup_events'}=${int(48)}`,
    ...(isBreakpoint ? [`bp_type=${setText('=hw_breakpoint', BigInt(int(52)), options)}`] : []),
    `${isBreakpoint ? 'bp_addr' : 'config1'}=${hex(long(56))}`,
  ]
  const optional: readonly (readonly [offset: number, text: () => string | undefined])[] = [
    [64, () => (isBreakpoint ? `bp_len=${long(64)}` : `config2=${hex(long(64))}`)],
    [
      72,
      () =>
        sampled & SAMPLE_BRANCH_STACK
          ? `branch_sample_type=${setText('|perf_branch', long(72), options)}`
          : undefined,
    ],
    [80, () => `sample_regs_user=${hex(long(80))}`],
    [88, () => (sampled & SAMPLE_STACK_USER ? `sample_stack_user=${hex(int(88))}` : undefined)],
    [
      92,
      () =>
        bits.has('use_clockid') ? `clockid=${setText('=clockid', BigInt(int(92)), options)}` : undefined,
    ],
    [96, () => `sample_regs_intr=${hex(long(96))}`],
    [104, () => `aux_watermark=${int(104)}`],
    [108, () => `sample_max_stack=${view.getUint16(108, true)}`],
    [112, () => `aux_sample_size=${int(112)}`],
  ]
  for (const [offset, text] of optional)
    if (offset < size) parts.push(...[text()].filter(part => part !== undefined))
  return parts
}

export const perfAttributes: Printer = (value, { memory, options }) => {
  const said = Number(readWord(memory, value + 4n, 4) ?? -1n)
  const whole = said === 0 ? FIRST_BYTES : Math.min(said, KNOWN_BYTES)
  if (whole < FIRST_BYTES) return address(value)
  const size = options.full ? whole : BRIEF_BYTES
  const read = readView(memory, value, size)
  if (!read) return address(value)
  const bytes = new Uint8Array(KNOWN_BYTES)
  bytes.set(bytesOf(read))
  const view = new DataView(bytes.buffer)
  const type = view.getUint32(0, true)
  const bits = bitsOf(view.getBigUint64(40, true))
  const parts = [
    `type=${setText('=perf_type', BigInt(type), options)}`,
    `size=${setText('=perf_size', BigInt(said), options)}`,
    `config=${configText(type, view.getBigUint64(8, true), options)}`,
    ...samples(view, bits, options),
    ...(options.full ? details(view, bits, type, size, options) : []),
  ]
  const more = said > size || (said === 0 && size < FIRST_BYTES) ? ', ...' : ''
  return `{${parts.join(', ')}${more}}`
}
