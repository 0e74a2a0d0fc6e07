/**
 * Requests of clocks: offsets of precise clocks, parameters of real-time clocks. And random
 * numbers, filters of events. Sources: linux/ptp_clock.h, linux/rtc.h, linux/random.h.
 */
import type { Context, KindText } from '../context.ts'
import { arrayText } from '../basic/arrays.ts'
import { buffer } from '../basic/strings.ts'
import { shapeOf } from '../../linux/shapes.ts'
import type { Members } from '../shapes/members.ts'
import { wordsAt } from '../shapes/rows.ts'
import { address } from '../text.ts'
import { braces, completed, type Device, isAnswered, ofShape } from './device.ts'

/** PTP_MAX_SAMPLES of the kernel. */
const MOST_SAMPLES = 25n

const samples = (members: Members): number => {
  const said = members.number('n_samples')
  return Number(said < MOST_SAMPLES ? said : MOST_SAMPLES)
}

/** Times of the system and of the device in turn, one more of the system. */
const offsets: Device = completed('ptp_sys_offset', ['n_samples', 'rsv'], (members, context, valueText) => [
  `ts=${timesAt(members.place('ts'), 2 * samples(members) + 1, context, valueText)}`,
])

const timesAt = (at: bigint, count: number, context: Context, valueText: KindText): string =>
  wordsAt('ptprtc', shapeOf('ptp_clock_time')?.size ?? 0, at, count, context, valueText)

/** Of each sample: the system's time before, the device's, the system's after. */
const extendedOffsets: Device = completed(
  'ptp_sys_offset_extended',
  ['n_samples', 'rsv'],
  (members, context, valueText) => {
    const bytes = 3 * (shapeOf('ptp_clock_time')?.size ?? 0)
    return [
      `ts=${arrayText(members.place('ts'), samples(members), bytes, context, at => timesAt(at, 3, context, valueText))}`,
    ]
  },
)

/** Which kind of value it is depends on the parameter. */
const clockParameter: Device = ofShape('rtc_param_get', (members, context) => {
  const values = members.texts('svalue', 'bsm', 'features', 'uvalue', '__pad')
  const answer = braces(values.map(text => text.replace(/^(bsm|features)=/, 'uvalue=')))
  const first = braces(members.texts('param', 'index', '__pad'))
  return `${first} => ${isAnswered(context) ? answer : address(members.at)}`
})

const entropy: Device = ofShape('rand_pool_info', (members, context) => {
  const size = Number(members.number('buf_size'))
  return braces([
    ...members.texts('entropy_count', 'buf_size'),
    `buf=${buffer(members.place('buf'), size, context)}`,
  ])
})

const filters: Device = ofShape('perf_query_bpf', (members, context) =>
  braces([
    ...members.texts('ids_len'),
    ...(isAnswered(context) ? members.texts('prog_cnt', 'ids') : ['...']),
  ]),
)

export const CLOCKS: Readonly<Record<string, Device>> = {
  ptp_offset: offsets,
  ptp_extended: extendedOffsets,
  rtc_param: clockParameter,
  entropy,
  perf_query: filters,
}
