/**
 * Requests of ioctl(2): by name (several names can share a number), or else split into direction,
 * type, number and size. The headers of some drivers make a family of requests with a macro: its
 * operand is a part of the number, or the size of the argument.
 */
import { requestOf, requestParts, type RequestParts } from '../../linux/ioctls.ts'
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
}

const type = (letter: string): number => letter.charCodeAt(0)

/** A request whose operand is the size of its argument. */
const sized = (direction: number, letter: string, number: number, name: string): Family => ({
  direction,
  type: letter,
  numbers: [number, number],
  text: ({ size }) => `${name}(${size})`,
})

const axis = (direction: number, first: number, name: string): Family => ({
  direction,
  type: 'E',
  numbers: [first, first + 0x3f],
  text: ({ number }, options) => `${name}(${setText('=ev_abs', BigInt(number - first), options)})`,
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
      return `EVIOCGBIT(${event === 0n ? '0' : setText('=ev_type', event, options)}, ${size})`
    },
  },
  sized(READ, 'E', 0x06, 'EVIOCGNAME'),
  sized(READ, 'E', 0x07, 'EVIOCGPHYS'),
  sized(READ, 'E', 0x08, 'EVIOCGUNIQ'),
  sized(READ, 'E', 0x09, 'EVIOCGPROP'),
  sized(READ, 'E', 0x0a, 'EVIOCGMTSLOTS'),
  sized(READ, 'E', 0x18, 'EVIOCGKEY'),
  sized(READ, 'E', 0x19, 'EVIOCGLED'),
  sized(READ, 'E', 0x1a, 'EVIOCGSND'),
  sized(READ, 'E', 0x1b, 'EVIOCGSW'),
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
