/**
 * Modes of a terminal: struct termios, its 16-bit predecessor termio, and termios2, which has
 * speeds as numbers. Source: asm/termbits.h.
 */
import { readStruct } from '../../codec/struct.ts'
import type { StructValues } from '../../linux/schema/layouts.ts'
import type { Context, Printer } from '../context.ts'
import { named, restText, setText } from '../names.ts'
import { address, hex } from '../text.ts'
import type { TextOptions } from '../types.ts'

type Modes = StructValues['termios'] & Partial<Pick<StructValues['termios2'], 'c_ispeed' | 'c_ospeed'>>

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

function text(modes: Modes, { options }: Context): string {
  const { c_ispeed: input, c_ospeed: output } = modes
  const words = [
    `c_iflag=${flags('|tty_iflag', BigInt(modes.c_iflag), options)}`,
    `c_oflag=${outputFlags(BigInt(modes.c_oflag), options)}`,
    `c_cflag=${controlFlags(BigInt(modes.c_cflag), options)}`,
    `c_lflag=${flags('|tty_lflag', BigInt(modes.c_lflag), options)}`,
  ]
  if (!options.full) return `{${words.join(', ')}, ...}`
  const speeds = input === undefined ? [] : [`c_ispeed=${input}`, `c_ospeed=${output ?? 0}`]
  const discipline = `c_line=${setText('=tty_line', BigInt(modes.c_line), options)}`
  const characters = `c_cc=[${modes.c_cc.map(character).join(', ')}]`
  return `{${[...words, discipline, characters, ...speeds].join(', ')}}`
}

const STRUCTS = ['termios', 'termio', 'termios2'] as const

/** `operand`: one of the structs; the default is termios. */
export const terminal = (operand: string): Printer => {
  const name = STRUCTS.find(each => each === operand) ?? 'termios'
  return (value, context) => {
    const modes = readStruct(context.memory, value, name)
    return modes ? text(modes, context) : address(value)
  }
}
