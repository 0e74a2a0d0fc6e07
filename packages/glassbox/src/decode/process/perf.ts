/**
 * struct perf_event_attr: the counted event is always shown, other members only if all are asked
 * for. Source: perf_event_open(2).
 */
import { struct, unsigned } from '../../codec/struct.ts'
import * as linux from '../../linux/constants.ts'
import { layoutOf, offsetOf, type StructValues } from '../../linux/schema/layouts.ts'
import { FIRST_SIZES } from '../../linux/schema/unions.ts'
import type { Printer } from '../context.ts'
import { bytesOf, readView, readWord } from '../memory.ts'
import { setText } from '../names.ts'
import { address, hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

type Attributes = StructValues['perf_event_attr']

/** Without -v, what comes after the bits is left out. */
const briefBytes = (): number => offsetOf('perf_event_attr', 'wakeup_events')

const LOW = 0xffff_ffffn

/** The kind of processor, of machines that have several. */
const hybrid = (config: bigint): string => (config >> 32n === 0n ? '' : `${hex(config >> 32n)}<<32|`)

function configText(type: number, config: bigint, options: TextOptions): string {
  if (type === linux.PERF_TYPE_HARDWARE)
    return `${hybrid(config)}${setText('=perf_hw', config & LOW, options)}`
  if (type === linux.PERF_TYPE_SOFTWARE) return setText('=perf_sw', config, options)
  if (type === linux.PERF_TYPE_TRACEPOINT) return String(config)
  if (type !== linux.PERF_TYPE_HW_CACHE) return hex(config)
  const [id, operation, result] = [0n, 8n, 16n].map(shift => (config >> shift) & 0xffn) as [
    bigint,
    bigint,
    bigint,
  ]
  const rest = (config & LOW) >> 24n
  const more = rest === 0n ? '' : `${hex(rest)}<<24|`
  return `${hybrid(config)}${more}${setText('=perf_cache_result', result, options)}<<16|${setText('=perf_cache_op', operation, options)}<<8|${setText('=perf_cache', id, options)}`
}

const SKIDS = ['arbitrary skid', 'constant skid', 'requested to have 0 skid', 'must have 0 skid']

/** The abbreviated form has only the bits that are set, and the one that has a comment. */
function bitsText(attributes: Attributes, full: boolean): string[] {
  return layoutOf('perf_event_attr').fields.flatMap(({ name, kind }) => {
    if (kind.type !== 'bits') return []
    const value = Number(attributes[name as keyof Attributes])
    if (name === 'precise_ip') return [`${name}=${value} /* ${SKIDS[value]} */`]
    if (name === '__reserved_1')
      return value === 0 ? [] : [`${name}=${hex(value)} /* Bits 63..${kind.first} */`]
    return full || value !== 0 ? [`${name}=${value}`] : []
  })
}

/** The part that is always shown, up to the bit fields. */
function samples(attributes: Attributes, options: TextOptions): string[] {
  return [
    `${attributes.freq ? 'sample_freq' : 'sample_period'}=${attributes.sample_period}`,
    `sample_type=${setText('|perf_sample', unsigned(attributes.sample_type), options)}`,
    `read_format=${setText('|perf_read', unsigned(attributes.read_format), options)}`,
    ...bitsText(attributes, options.full ?? false),
  ]
}

/** A member after the bit fields; `undefined` if it is not used. */
type MemberText = (attributes: Attributes, options: TextOptions) => string | undefined

/** Bytes without a meaning, which are told if they are not zero. */
const reserved = (from: number, to: number, value: number): string =>
  value === 0 ? '' : ` /* bytes ${from}..${to}: ${hex(value)} */`

const isBreakpoint = ({ type }: Attributes): boolean => type === linux.PERF_TYPE_BREAKPOINT
const sampled = ({ sample_type: types }: Attributes, bit: number): boolean =>
  (unsigned(types) & BigInt(bit)) !== 0n

/** In their order. Each but the first three is shown if the size of the struct includes it. */
const MEMBERS: readonly (readonly [name: keyof Attributes, text: MemberText])[] = [
  ['wakeup_events', attr => `${attr.watermark ? 'wakeup_watermark' : 'wakeup_events'}=${attr.wakeup_events}`],
  [
    'bp_type',
    (attr, options) =>
      isBreakpoint(attr) ? `bp_type=${setText('=hw_breakpoint', BigInt(attr.bp_type), options)}` : undefined,
  ],
  ['config1', attr => `${isBreakpoint(attr) ? 'bp_addr' : 'config1'}=${hex(attr.config1)}`],
  ['config2', attr => (isBreakpoint(attr) ? `bp_len=${attr.config2}` : `config2=${hex(attr.config2)}`)],
  [
    'branch_sample_type',
    (attr, options) =>
      sampled(attr, linux.PERF_SAMPLE_BRANCH_STACK)
        ? `branch_sample_type=${setText('|perf_branch', unsigned(attr.branch_sample_type), options)}`
        : undefined,
  ],
  ['sample_regs_user', attr => `sample_regs_user=${hex(attr.sample_regs_user)}`],
  [
    'sample_stack_user',
    attr =>
      sampled(attr, linux.PERF_SAMPLE_STACK_USER)
        ? `sample_stack_user=${hex(attr.sample_stack_user)}`
        : undefined,
  ],
  [
    'clockid',
    (attr, options) =>
      attr.use_clockid ? `clockid=${setText('=clockid', BigInt(attr.clockid), options)}` : undefined,
  ],
  ['sample_regs_intr', attr => `sample_regs_intr=${hex(attr.sample_regs_intr)}`],
  ['aux_watermark', attr => `aux_watermark=${attr.aux_watermark}`],
  [
    'sample_max_stack',
    attr => `sample_max_stack=${attr.sample_max_stack}${reserved(110, 111, attr.__reserved_2)}`,
  ],
  [
    'aux_sample_size',
    attr => `aux_sample_size=${attr.aux_sample_size}${reserved(116, 119, attr.__reserved_3)}`,
  ],
  ['sig_data', attr => `sig_data=${hex(attr.sig_data)}`],
]

/** Everything after the bit fields, as far as the struct goes. */
const details = (attributes: Attributes, size: number, options: TextOptions): string[] =>
  MEMBERS.flatMap(([name, text]) => {
    const shown = offsetOf('perf_event_attr', name) < size ? text(attributes, options) : undefined
    return shown === undefined ? [] : [shown]
  })

export const perfAttributes: Printer = (value, { memory, options }) => {
  const codec = struct('perf_event_attr')
  const first = FIRST_SIZES.get('perf_event_attr') ?? 0
  const said = Number(readWord(memory, value + BigInt(offsetOf('perf_event_attr', 'size')), 4) ?? -1n)
  const whole = said === 0 ? first : Math.min(said, codec.size)
  if (whole < first) return address(value)
  const size = options.full ? whole : briefBytes()
  const read = readView(memory, value, size)
  if (!read) return address(value)
  // Members beyond the size are zero.
  const bytes = new Uint8Array(codec.size)
  bytes.set(bytesOf(read))
  const attributes = codec.read(new DataView(bytes.buffer))
  const { type } = attributes
  const parts = [
    `type=${setText('=perf_type', BigInt(type), options)}`,
    `size=${setText('=perf_size', BigInt(said), options)}`,
    `config=${configText(type, unsigned(attributes.config), options)}`,
    ...samples(attributes, options),
    ...(options.full ? details(attributes, size, options) : []),
  ]
  const more = said > size || (said === 0 && size < first) ? ', ...' : ''
  return `{${parts.join(', ')}${more}}`
}
