/**
 * Requests of ioctl(2): by name (several names can share a number), or else split into direction,
 * type, number and size. The headers of some drivers make a family of requests with a macro: its
 * operand is a part of the number, or the size of the argument.
 */
import { requestOf, requestParts, type RequestParts } from '../../linux/ioctls.ts'
import { familyKind } from './family-kinds.ts'
import type { Noted } from '../../linux/schema/kinds.ts'
import type { Printer } from '../context.ts'
import { named, setText } from '../names.ts'
import { hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

const DIRECTIONS = ['_IOC_NONE', '_IOC_WRITE', '_IOC_READ', '_IOC_READ|_IOC_WRITE']
const [WRITE, READ, BOTH] = [1, 2, 3]

interface Family {
  readonly direction: number
  readonly type: string
  /** The first and the last number of the family. */
  readonly numbers: readonly [first: number, last: number]
  readonly text: (parts: RequestParts, options: TextOptions) => string
  /** The kind of what follows the request. */
  readonly argument?: (parts: RequestParts) => string
}

const type = (letter: string): number => letter.charCodeAt(0)

/** A request whose operand is the size of its argument. */
const sized = (
  direction: number,
  letter: string,
  number: number,
  name: string,
  argument?: string,
): Family => ({
  direction,
  type: letter,
  numbers: [number, number],
  text: ({ size }) => `${name}(${size})`,
  ...(argument !== undefined && { argument: () => argument }),
})

/** By the type of the events whose bits a request asks for. */
const BITS: Readonly<Record<number, string>> = {
  0: 'ev',
  1: 'key',
  2: 'rel',
  3: 'abs',
  4: 'msc',
  5: 'sw',
  17: 'led',
  18: 'snd',
  20: 'rep',
  21: 'ff',
  23: 'ffs',
}
const POWER = 22
const ABS_BYTES_BEFORE_RESOLUTION = 20

function bitsOf(event: number): string {
  if (event === POWER) return 'cell>int'
  const name = BITS[event]
  return name === undefined ? 'addr' : `device>${name}_bits`
}

/** Inside the text of a request, a name has no number beside it. */
const plain = (options: TextOptions): TextOptions =>
  options.spelling === 'verbose' ? { ...options, spelling: 'abbrev' } : options

const axis = (direction: number, first: number, name: string): Family => ({
  direction,
  type: 'E',
  numbers: [first, first + 0x3f],
  text: ({ number }, options) => `${name}(${setText('=ev_abs', BigInt(number - first), plain(options))})`,
  argument: ({ size }) =>
    size < ABS_BYTES_BEFORE_RESOLUTION ? 'addr' : `device${direction === READ ? '>' : '<'}absinfo`,
})

const channel = (direction: number, name: string): Family => ({
  direction,
  type: 'M',
  numbers: [0, 0xff],
  text: ({ number }) => `${name}(${number})`,
})

const EVENT_BITS = 0x20

/** Sources: linux/input.h, joystick.h, hidraw.h, uinput.h, spi/spidev.h, soundcard.h. */
const FAMILIES: readonly Family[] = [
  axis(READ, 0x40, 'EVIOCGABS'),
  axis(WRITE, 0xc0, 'EVIOCSABS'),
  {
    direction: READ,
    type: 'E',
    numbers: [EVENT_BITS, EVENT_BITS + 0x1f],
    text: ({ number, size }, options) => {
      const event = BigInt(number - EVENT_BITS)
      return `EVIOCGBIT(${event === 0n ? '0' : setText('=ev_type', event, plain(options))}, ${size})`
    },
    argument: ({ number }) => bitsOf(number - EVENT_BITS),
  },
  sized(READ, 'E', 0x06, 'EVIOCGNAME', 'device>evname'),
  sized(READ, 'E', 0x07, 'EVIOCGPHYS', 'device>evname'),
  sized(READ, 'E', 0x08, 'EVIOCGUNIQ', 'device>evname'),
  sized(READ, 'E', 0x09, 'EVIOCGPROP', 'device>prop_bits'),
  sized(READ, 'E', 0x0a, 'EVIOCGMTSLOTS', 'device>mtslots'),
  sized(READ, 'E', 0x18, 'EVIOCGKEY', 'device>key_bits'),
  sized(READ, 'E', 0x19, 'EVIOCGLED', 'device>led_bits'),
  sized(READ, 'E', 0x1a, 'EVIOCGSND', 'device>snd_bits'),
  sized(READ, 'E', 0x1b, 'EVIOCGSW', 'device>sw_bits'),
  sized(READ, 'H', 0x04, 'HIDIOCGRAWNAME'),
  sized(READ, 'H', 0x05, 'HIDIOCGRAWPHYS'),
  sized(READ, 'H', 0x08, 'HIDIOCGRAWUNIQ'),
  sized(READ, 'H', 0x06, 'HIDIOCSFEATURE'),
  sized(READ, 'H', 0x12, 'HIDIOCGPHYS'),
  sized(BOTH, 'H', 0x06, 'HIDIOCSFEATURE'),
  sized(BOTH, 'H', 0x07, 'HIDIOCGFEATURE'),
  sized(READ, 'j', 0x13, 'JSIOCGNAME'),
  sized(READ, 'U', 0x2c, 'UI_GET_SYSNAME'),
  sized(WRITE, 'k', 0x00, 'SPI_IOC_MESSAGE'),
  channel(READ, 'MIXER_READ'),
  channel(WRITE, 'MIXER_WRITE'),
]

const familyOf = (parts: RequestParts): Family | undefined =>
  FAMILIES.find(
    family =>
      family.direction === parts.direction &&
      type(family.type) === parts.type &&
      parts.number >= family.numbers[0] &&
      parts.number <= family.numbers[1],
  )

export const ioctlCommand: Printer = (value, { options }) => {
  const request = Number(BigInt.asUintN(32, value))
  const parts = requestParts(request)
  const fromFamily = familyOf(parts)?.text(parts, options)
  const names = [...(fromFamily === undefined ? [] : [fromFamily]), ...requestOf(request).names]
  if (names.length > 0) return named(hex(request), names.join(' or '), options)
  const { direction, type: letter, number, size } = parts
  return named(
    hex(request),
    `_IOC(${DIRECTIONS[direction]}, ${hex(letter)}, ${hex(number)}, ${hex(size)})`,
    options,
  )
}

/** As in strace, what follows requests of input devices in one direction is a pointer. */
const otherInput = ({ direction, type: letter }: RequestParts): string | undefined =>
  letter === type('E') && (direction === READ || direction === WRITE) ? 'addr' : undefined

/** The kinds of what follows a request of a family; `undefined` for other requests. */
export function familyArguments(request: number): readonly Noted[] | undefined {
  const parts = requestParts(request)
  const notation = familyOf(parts)?.argument?.(parts) ?? otherInput(parts)
  return notation === undefined ? undefined : [{ ...familyKind(notation, parts), notation }]
}
