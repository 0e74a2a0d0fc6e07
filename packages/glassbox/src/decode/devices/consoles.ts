/**
 * Requests of the console: keys, the strings of keys, maps of characters, fonts. Sources:
 * linux/kd.h, linux/keyboard.h.
 */
import { struct } from '../../codec/struct.ts'
import { offsetOf } from '../../linux/schema/layouts.ts'
import type { Context } from '../context.ts'
import { nameIn, named, setText } from '../names.ts'
import type { Members } from '../shapes/members.ts'
import { hexBytes } from '../shapes/shapes.ts'
import { quotedCharacter } from '../shapes/words.ts'
import { readString, readView, readWord } from '../memory.ts'
import { address, hex, quote } from '../text.ts'
import { braces, changing, type Device, isAnswered, ofShape } from './device.ts'

/** K(KT_FN, 0) of linux/keyboard.h. */
const FUNCTION_KEY = 0x100n
const KEY_STRING_BYTES = 512
const FONT_NAME_BYTES = 32
const CHARACTER_BYTES = 32n
const MOST_CHARACTERS = 512n
const ENOMEM = 12n

/** Types of keys whose value is a character. */
const CHARACTERS: ReadonlySet<string | undefined> = new Set(['KT_LATIN', 'KT_META', 'KT_LETTER', 'KT_DEAD2'])

/** `0x201 /* K_ENTER *\/`, `0x61 /* K(KT_LATIN, 'a') *\/`. */
function keyValue(value: bigint, { options }: Context): string {
  if (options.spelling === 'raw') return hex(value)
  const name = nameIn('kb_key', value)
  if (name !== undefined) return `${hex(value)} /* ${name} */`
  const type = nameIn('kb_ktype', value >> 8n)
  const low = Number(value & 0xffn)
  return `${hex(value)} /* K(${type ?? hex(value >> 8n)}, ${CHARACTERS.has(type) ? quotedCharacter(low) : hex(low)}) */`
}

/** A table has a name, or is a set of shift keys. */
function keyTable(table: bigint, { options }: Context): string {
  const name = nameIn('kb_table', table)
  return name === undefined ? setText('|kb_shift', table, options) : named(hex(table), name, options)
}

/** The kernel fills the value in; the caller may have room for no more than the rest. */
const keyEntry =
  (isGet: boolean): Device =>
  (value, context) => {
    const valueAt = offsetOf('kbentry', 'kb_value')
    const head = readView(context.memory, value, valueAt)
    if (!head) return address(value)
    const { kb_table: number, kb_index: index } = struct('kbentry').read(head)
    const table = keyTable(BigInt(number), context)
    const word = readWord(context.memory, value + BigInt(valueAt), 2)
    const shown = word === undefined ? '???' : keyValue(word, context)
    return braces([
      `kb_table=${table}`,
      `kb_index=${index}`,
      ...(!isGet || isAnswered(context) ? [`kb_value=${shown}`] : []),
    ])
  }

/** The string of a key is cut where other strings are. */
const keyString =
  (isGet: boolean): Device =>
  (value, context) => {
    const key = context.memory.read(value, 1)[0]
    if (key === undefined) return address(value)
    const known = nameIn('kb_key', BigInt(key) | FUNCTION_KEY)
    const func = `kb_func=${named(hex(key), `KVAL(${known ?? 'K_???'})`, context.options)}`
    const text = (): string => `kb_string=${boundedString(value + 1n, KEY_STRING_BYTES, context)}`
    return braces([func, ...(!isGet || isAnswered(context) ? [text()] : [])])
  }

const keyCode: Device = ofShape('kbkeycode', (members, context) =>
  braces([...members.texts('scancode'), changing(members, 'keycode', context)]),
)

/** The kernel says how many pairs there are even if there is no room for them. */
const characterMap: Device = ofShape('unimapdesc', (members, context) => {
  const isKnown = context.outcome?.value === -ENOMEM || isAnswered(context)
  const count = `${members.texts('entry_ct').join()} => ${members.value('entry_ct')}`
  return braces([count, `entries=${isKnown ? members.value('entries') : members.pointer('entries')}`])
})

const font = (members: Members, context: Context, isData: boolean): string => {
  const count = members.number('charcount')
  const bytes = (count < MOST_CHARACTERS ? count : MOST_CHARACTERS) * CHARACTER_BYTES
  const data = members.number('chardata')
  const shown = isData && data !== 0n ? hexBytes(String(bytes))(data, context) : members.value('chardata')
  return braces([...members.texts('charcount', 'charheight'), `chardata=${shown}`])
}

const getFont: Device = ofShape('consolefontdesc', (members, context) => {
  const first = font(members, context, false)
  return isAnswered(context) ? `${first} => ${font(members, context, true)}` : first
})

const [FONT_SET, FONT_GET, FONT_DEFAULT, FONT_COPY] = [0n, 1n, 2n, 3n]

/** Which of the fields an operation takes, and which it gives. */
function fontFields(members: Members, context: Context, isBefore: boolean): string {
  const operation = members.number('op')
  const isWhole = operation !== FONT_DEFAULT && operation !== FONT_COPY
  return braces([
    ...(isBefore ? members.texts('op', ...(isWhole ? ['flags'] : [])) : []),
    ...members.texts(...(operation === FONT_COPY ? ['height'] : ['width', 'height'])),
    ...(isWhole ? members.texts('charcount') : []),
    ...fontData(members, context, isBefore),
  ])
}

function fontData(members: Members, context: Context, isBefore: boolean): readonly string[] {
  const operation = members.number('op')
  const data = members.number('data')
  if (operation === FONT_COPY || (operation === FONT_DEFAULT && !isBefore)) return []
  if (data === 0n) return ['data=NULL']
  if (operation === FONT_DEFAULT) return [`data=${boundedString(data, FONT_NAME_BYTES, context)}`]
  if (operation !== FONT_SET && !(operation === FONT_GET && !isBefore))
    return [`data=${members.pointer('data')}`]
  const least = (value: bigint, most: bigint): bigint => (value < most ? value : most)
  const width = (least(members.number('width'), CHARACTER_BYTES) + 7n) / 8n
  const bytes = width * CHARACTER_BYTES * least(members.number('charcount'), MOST_CHARACTERS)
  return [`data=${hexBytes(String(bytes))(data, context)}`]
}

const fontOperation: Device = ofShape('console_font_op', (members, context) => {
  const first = fontFields(members, context, true)
  const operation = members.number('op')
  const isGiven = operation !== FONT_SET && operation !== FONT_COPY
  return isAnswered(context) && isGiven ? `${first} => ${fontFields(members, context, false)}` : first
})

/** A string of at most some bytes, cut where -s says. */
function boundedString(at: bigint, most: number, { memory, limit, options }: Context): string {
  const read = readString(memory, at, Math.min(limit, most))
  return read ? quote(read.bytes, !read.ended, options.stringsInHex) : address(at)
}

export const CONSOLES: Readonly<Record<string, Device>> = {
  kb_get: keyEntry(true),
  kb_set: keyEntry(false),
  kbs_get: keyString(true),
  kbs_set: keyString(false),
  keycode: keyCode,
  unimap: characterMap,
  fontop: fontOperation,
  getfont: getFont,
  setfont: ofShape('consolefontdesc', (members, context) => font(members, context, true)),
}
