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
  TCGETA,
  TCGETS,
  TCGETS2,
  TCSETA,
  TCSETAF,
  TCSETAW,
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

const termio = struct('termio')
const termios = struct('termios')
const termios2 = struct('termios2')

/** The structs that settings come in: the old one has less of everything. */
export type Form = 'termio' | 'termios' | 'termios2'

const SIZES: Readonly<Record<Form, number>> = {
  ...{ termio: termio.size, termios: termios.size, termios2: termios2.size },
}

export const settingsSize = (form: Form): number => SIZES[form]

/** Requests that read the settings, and the struct that they fill. */
const READS = new Map<number, Form>([
  [TCGETA, 'termio'],
  [TCGETS, 'termios'],
  [TCGETS2, 'termios2'],
])

export interface SettingsChange {
  readonly form: Form
  /** Whether what was typed and not read is thrown away. */
  readonly flush: boolean
}

/** Requests that change them, and what is thrown away or waited for before. */
const CHANGES = new Map<number, SettingsChange>([
  [TCSETA, { form: 'termio', flush: false }],
  [TCSETAW, { form: 'termio', flush: false }],
  [TCSETAF, { form: 'termio', flush: true }],
  [TCSETS, { form: 'termios', flush: false }],
  [TCSETSW, { form: 'termios', flush: false }],
  [TCSETSF, { form: 'termios', flush: true }],
  [TCSETS2, { form: 'termios2', flush: false }],
  [TCSETSW2, { form: 'termios2', flush: false }],
  [TCSETSF2, { form: 'termios2', flush: true }],
])

/** What the request fills; undefined: it is another one. */
export const settingsRead = (request: number): Form | undefined => READS.get(request)

/** What the request changes; undefined: it is another one. */
export const settingsChange = (request: number): SettingsChange | undefined => CHANGES.get(request)

/** As struct termios2, of which struct termios is the beginning. */
function wholeBytes({
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

/** Of flags and characters, what struct termio has. */
const LOW = 0xffff
const OLD_CHARACTERS = 8

export function settingsBytes(settings: Settings, form: Form): Uint8Array<ArrayBuffer> {
  if (form !== 'termio') return wholeBytes(settings).slice(0, SIZES[form])
  const bytes = new Uint8Array(termio.size)
  const { input, output, control, local, characters } = settings
  termio.write(new DataView(bytes.buffer), 0, {
    ...{ c_iflag: input & LOW, c_oflag: output & LOW, c_cflag: control & LOW, c_lflag: local & LOW },
    c_cc: characters.slice(0, OLD_CHARACTERS),
  })
  return bytes
}

/** Settings out of a struct. What is not in it stays as it was. */
export function settingsFrom(bytes: Uint8Array<ArrayBuffer>, form: Form, before: Settings): Settings {
  if (form === 'termio') return settingsFromOld(bytes, before)
  const whole = wholeBytes(before)
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

function settingsFromOld(bytes: Uint8Array<ArrayBuffer>, before: Settings): Settings {
  const read = termio.read(new DataView(bytes.buffer))
  const low = (old: number, now: number): number => (old & ~LOW) | now
  return {
    ...before,
    input: low(before.input, read.c_iflag),
    output: low(before.output, read.c_oflag),
    control: low(before.control, read.c_cflag),
    local: low(before.local, read.c_lflag),
    characters: [...[...read.c_cc].slice(0, OLD_CHARACTERS), ...before.characters.slice(OLD_CHARACTERS)],
  }
}
