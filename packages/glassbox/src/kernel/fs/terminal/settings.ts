/** How a terminal treats its bytes: termios(3), and its window. Values only. */
import { struct } from '../../../codec/struct.ts'
import {
  B38400,
  CREAD,
  CS8,
  ECHO,
  ECHOCTL,
  ECHOE,
  ECHOK,
  ECHOKE,
  ICANON,
  ICRNL,
  IEXTEN,
  ISIG,
  IXON,
  ONLCR,
  OPOST,
  TCGETS,
  TCGETS2,
  TCSETS,
  TCSETS2,
  TCSETSF,
  TCSETSF2,
  TCSETSW,
  TCSETSW2,
} from '../../../linux/constants.ts'

/** The fields of struct termios2, without the line discipline, which is always the first. */
export interface Settings {
  readonly input: number
  readonly output: number
  readonly control: number
  readonly local: number
  /** Control characters by V*; 0: there is none. */
  readonly characters: readonly number[]
  readonly inputSpeed: number
  readonly outputSpeed: number
}

/** VINTR to VEOL2: ^C ^\ DEL ^U ^D, VTIME 0, VMIN 1, none, ^Q ^S ^Z, none, ^R ^O ^W ^V, none. */
const CHARACTERS = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0]
const SPEED = 38_400

/** What a new pseudo terminal begins with: `tty_std_termios`. */
export const FIRST_SETTINGS: Settings = {
  input: ICRNL | IXON,
  output: OPOST | ONLCR,
  control: B38400 | CS8 | CREAD,
  local: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
  characters: CHARACTERS,
  inputSpeed: SPEED,
  outputSpeed: SPEED,
}

const termios = struct('termios')
const termios2 = struct('termios2')

/** Requests that read the settings, and the sizes of what they fill. */
const READS = new Map([
  [TCGETS, termios.size],
  [TCGETS2, termios2.size],
])

/** Requests that change them, and what is thrown away or waited for before. */
const CHANGES = new Map([
  [TCSETS, { size: termios.size, flush: false }],
  [TCSETSW, { size: termios.size, flush: false }],
  [TCSETSF, { size: termios.size, flush: true }],
  [TCSETS2, { size: termios2.size, flush: false }],
  [TCSETSW2, { size: termios2.size, flush: false }],
  [TCSETSF2, { size: termios2.size, flush: true }],
])

/** How many bytes of settings the request fills; undefined: it is another one. */
export const settingsRead = (request: number): number | undefined => READS.get(request)

/** What the request changes; undefined: it is another one. */
export const settingsChange = (
  request: number,
): { readonly size: number; readonly flush: boolean } | undefined => CHANGES.get(request)

/** As struct termios2, of which struct termios is the beginning. */
export function settingsBytes({
  input,
  output,
  control,
  local,
  characters,
  ...speeds
}: Settings): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(termios2.size)
  termios2.write(new DataView(bytes.buffer), 0, {
    c_iflag: input,
    c_oflag: output,
    c_cflag: control,
    c_lflag: local,
    c_cc: [...characters],
    c_ispeed: speeds.inputSpeed,
    c_ospeed: speeds.outputSpeed,
  })
  return bytes
}

/** Settings out of either struct. What is not in it stays as it was. */
export function settingsFrom(bytes: Uint8Array, before: Settings): Settings {
  const whole = settingsBytes(before)
  whole.set(bytes)
  const read = termios2.read(new DataView(whole.buffer))
  return {
    input: read.c_iflag,
    output: read.c_oflag,
    control: read.c_cflag,
    local: read.c_lflag,
    characters: [...read.c_cc],
    inputSpeed: read.c_ispeed,
    outputSpeed: read.c_ospeed,
  }
}
