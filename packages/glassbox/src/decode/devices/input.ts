/** Requests of input devices: sets of events and keys, axes, slots, names. See linux/input.h. */
import { StructView } from '../../codec/struct-view.ts'
import { requestParts } from '../../linux/ioctls.ts'
import { buffer } from '../basic/strings.ts'
import type { Context } from '../context.ts'
import { readView, readWord } from '../memory.ts'
import { setText } from '../names.ts'
import { shapeOf } from '../../linux/shapes.ts'
import { address, hex } from '../text.ts'
import { braces, type Device, isAnswered } from './device.ts'
import { Members } from '../shapes/members.ts'
import { wordsAt } from '../shapes/rows.ts'

const requestSize = ({ call }: Context): number =>
  requestParts(Number(BigInt.asUintN(32, call.args[1] ?? 0n))).size

const WORD_BYTES = 8
/** Without -v, this many names of a set are shown. */
const FEW = 4

/** The names of the bits that are set, of as many bytes as the call returned. */
const bits =
  (set: string, most: number): Device =>
  (value, context) => {
    const { options, outcome } = context
    const returned = Number(BigInt.asUintN(32, outcome?.value ?? 0n))
    const count = returned > Math.trunc(most / 8) ? most : returned * 8
    const size = Math.ceil(Math.ceil(count / 8) / WORD_BYTES) * WORD_BYTES
    if (!isAnswered(context) || size === 0) return address(value)
    const view = readView(context.memory, value, size)
    if (!view) return address(value)
    const found = Array.from({ length: count }, (_, bit) => bit).filter(
      bit => (view.getUint8(bit >> 3) >> (bit & 7)) & 1,
    )
    const shown = options.full ? found : found.slice(0, FEW)
    const names = shown.map(bit => setText(`=${set}`, BigInt(bit), options))
    const list = `[${[...names, ...(shown.length < found.length ? ['...'] : [])].join(' ')}]`
    const words = Array.from({ length: size / WORD_BYTES }, (_, at) =>
      hex(view.getBigUint64(at * WORD_BYTES, true)),
    )
    if (options.spelling === 'raw') return `[${words.join(', ')}]`
    return options.spelling === 'verbose' ? `${list} /* [${words.join(', ')}] */` : list
  }

/** The first field of a slot is its code; as many values follow as there is room for. */
const slots: Device = (value, context, valueText) => {
  const count = Math.trunc(requestSize(context) / 4)
  const code = count === 0 ? undefined : readWord(context.memory, value, 4)
  if (code === undefined || !isAnswered(context)) return address(value)
  const values = wordsAt('d', 4, value + 4n, count - 1, { ...context, elements: Infinity }, valueText)
  return braces([`code=${setText('=evdev_mt', code, context.options)}`, `values=${values}`])
}

const ABS_FIELDS = ['value', 'minimum', 'maximum', 'fuzz', 'flat', 'resolution']

/** struct input_absinfo, of which an older version ends before the resolution. */
const axis: Device = (value, context, valueText) => {
  const shape = shapeOf('input_absinfo')
  const size = requestSize(context)
  const whole = shape?.size ?? 0
  const read = context.memory.read(value, Math.min(size, whole))
  if (!shape || read.length < Math.min(size, whole)) return address(value)
  const bytes = new Uint8Array(whole)
  bytes.set(read)
  const struct = new StructView(shape.layout, new DataView(bytes.buffer), value, context)
  const members = new Members(shape, struct, context, valueText)
  if (!context.options.full) return braces([...members.texts('value', 'minimum'), '...'])
  const fields = ABS_FIELDS.slice(0, size >= whole ? ABS_FIELDS.length : -1)
  return braces([
    ...members.texts(...fields),
    ...(size > whole || (size < whole && size > whole - 4) ? ['...'] : []),
  ])
}

/** A name, as long as the call says. */
const name: Device = (value, context) => buffer(value, Number(context.outcome?.value ?? 0n), context)

export const INPUT: Readonly<Record<string, Device>> = {
  ev_bits: bits('evdev_ev', 31),
  key_bits: bits('evdev_key', 767),
  rel_bits: bits('evdev_rel', 15),
  abs_bits: bits('ev_abs', 63),
  msc_bits: bits('evdev_msc', 7),
  sw_bits: bits('evdev_sw', 16),
  led_bits: bits('evdev_led', 15),
  snd_bits: bits('evdev_snd', 7),
  rep_bits: bits('evdev_rep', 1),
  ff_bits: bits('evdev_ff', 127),
  ffs_bits: bits('evdev_ffs', 1),
  prop_bits: bits('evdev_prop', 31),
  mtslots: slots,
  absinfo: axis,
  evname: name,
}
