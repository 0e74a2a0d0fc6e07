/**
 * Modes of a terminal: struct termios, its 16-bit predecessor termio, and termios2, which has
 * speeds as numbers. Source: asm/termbits.h.
 */
import type { Context, Printer } from '../context.ts'
import { readView } from '../memory.ts'
import { named, restText, setText } from '../names.ts'
import { address, hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

interface Layout {
  readonly wordBytes: 2 | 4
  readonly characters: number
  /** The offset of the speeds, if the struct has any. */
  readonly speeds?: number
  readonly bytes: number
}

const TERMIOS: Layout = { wordBytes: 4, characters: 19, bytes: 36 }
const LAYOUTS: Readonly<Record<string, Layout>> = {
  termio: { wordBytes: 2, characters: 8, bytes: 18 },
  termios2: { ...TERMIOS, speeds: 36, bytes: 44 },
}

/** The meaning of each control character. Later ones have no name. */
const CHARACTERS = [
  ...['VINTR', 'VQUIT', 'VERASE', 'VKILL', 'VEOF', 'VTIME', 'VMIN', 'VSWTC', 'VSTART', 'VSTOP', 'VSUSP'],
  ...['VEOL', 'VREPRINT', 'VDISCARD', 'VWERASE', 'VLNEXT', 'VEOL2'],
]

/** Fields of c_oflag: delays of the terminal. */
const DELAYS = [
  ['=tty_nl', 0o400n],
  ['=tty_cr', 0o3000n],
  ['=tty_tab', 0o14000n],
  ['=tty_bs', 0o20000n],
  ['=tty_vt', 0o40000n],
  ['=tty_ff', 0o100000n],
] as const
const SPEED = 0o10017n
const INPUT_SHIFT = 16n
const SIZE = 0o60n

/** Unlike in other structs, an empty set of flags has no text, and its separator remains. */
const flags = (set: string, value: bigint, options: TextOptions): string =>
  value === 0n ? '' : restText(set, value, options)

function outputFlags(value: bigint, options: TextOptions): string {
  const delays = DELAYS.map(([set, mask]) => setText(set, value & mask, options))
  const rest = DELAYS.reduce((left, [, mask]) => left & ~mask, value)
  return `${delays.join('|')}|${flags('|tty_oflag', rest, options)}`
}

function controlFlags(value: bigint, options: TextOptions): string {
  const input = (value >> INPUT_SHIFT) & SPEED
  const speeds = [
    setText('=tty_speed', value & SPEED, options),
    ...(input === 0n
      ? []
      : [`${setText('=tty_speed', input, options)}<<${named(hex(INPUT_SHIFT), 'IBSHIFT', options)}`]),
  ]
  const rest = value & ~SPEED & ~(SPEED << INPUT_SHIFT) & ~SIZE
  return `${speeds.join('|')}|${setText('=tty_size', value & SIZE, options)}|${flags('|tty_cflag', rest, options)}`
}

const character = (value: number, index: number): string => `[${CHARACTERS[index] ?? index}]=${hex(value)}`

function text(layout: Layout, view: DataView, { options }: Context): string {
  const { wordBytes, characters, speeds } = layout
  const word = (index: number): bigint =>
    BigInt(wordBytes === 2 ? view.getUint16(index * 2, true) : view.getUint32(index * 4, true))
  const modes = [
    `c_iflag=${flags('|tty_iflag', word(0), options)}`,
    `c_oflag=${outputFlags(word(1), options)}`,
    `c_cflag=${controlFlags(word(2), options)}`,
    `c_lflag=${flags('|tty_lflag', word(3), options)}`,
  ]
  if (!options.full) return `{${modes.join(', ')}, ...}`
  const line = wordBytes * 4
  const control = Array.from({ length: characters }, (_, index) =>
    character(view.getUint8(line + 1 + index), index),
  )
  const numbers =
    speeds === undefined
      ? []
      : [`c_ispeed=${view.getUint32(speeds, true)}`, `c_ospeed=${view.getUint32(speeds + 4, true)}`]
  const discipline = `c_line=${setText('=tty_line', BigInt(view.getUint8(line)), options)}`
  return `{${[...modes, discipline, `c_cc=[${control.join(', ')}]`, ...numbers].join(', ')}}`
}

/** `operand`: one of the layouts; the default is termios. */
export const terminal = (operand: string): Printer => {
  const layout = LAYOUTS[operand] ?? TERMIOS
  return (value, context) => {
    const view = readView(context.memory, value, layout.bytes)
    return view ? text(layout, view, context) : address(value)
  }
}
