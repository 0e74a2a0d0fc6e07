/**
 * The kinds of what follows requests of input devices that a macro makes: names, sets of events,
 * axes. By the notation that ioctl.ts has for them. Source: linux/input.h.
 */
import { kinds } from '../../linux/generated/kinds.ts'
import type { RequestParts } from '../../linux/ioctls.ts'
import type { Kind, Length, Way } from '../../linux/schema/kinds.ts'
import type { SetName } from '../../linux/flags.ts'

/** The set of the names of the bits, by the name of the printer. */
const SETS: Readonly<Record<string, SetName>> = {
  ev_bits: 'evdev_ev',
  key_bits: 'evdev_key',
  rel_bits: 'evdev_rel',
  abs_bits: 'ev_abs',
  msc_bits: 'evdev_msc',
  sw_bits: 'evdev_sw',
  led_bits: 'evdev_led',
  snd_bits: 'evdev_snd',
  rep_bits: 'evdev_rep',
  ff_bits: 'evdev_ff',
  ffs_bits: 'evdev_ffs',
  prop_bits: 'evdev_prop',
}

const RESULT: Length = { by: 'result' }
const WORD_BYTES = 4

/** The code of what is asked for in each slot, and the values of the slots. */
const slots = (way: Way, size: number): Kind => ({
  type: 'array',
  way,
  of: { type: 'int', bits: 32, signed: true, form: 'decimal' },
  count: { by: 'constant', count: Math.trunc(size / WORD_BYTES) },
})

/** An address if nothing more is known. */
export function familyKind(notation: string, { size }: RequestParts): Kind {
  const [, direction, name = ''] = /^device([<>])(\w+)$/.exec(notation) ?? []
  const way = direction === '<' ? 'in' : 'out'
  const names = SETS[name]
  if (names !== undefined) return { type: 'bitset', way, of: 'names', names, length: RESULT, unit: 'bytes' }
  if (name === 'evname') return { type: 'buffer', way, length: RESULT, form: 'host_name' }
  if (name === 'mtslots') return slots(way, size)
  if (name === 'absinfo')
    return {
      type: 'pointer',
      way,
      to: { type: 'struct', name: 'input_absinfo' },
      size: { by: 'constant', count: size },
    }
  return notation === 'cell>int' ? { type: 'pointer', way: 'out', to: kinds().int } : kinds().addr
}
