/**
 * Addresses of AX.25 sockets: call signs, and the stations between. Source: linux/ax25.h. Pure.
 */
import { quote } from '../text.ts'
import type { Spelling, TextOptions } from '../types.ts'
import { family, type FamilyText, members } from './internet.ts'

const CALL_BYTES = 7
const MOST_STATIONS = 8
const SPACE = 0x20
const DELETE = 0x7f
const SECONDARY_ID = 0x1e

/** Characters take the upper seven bits of their bytes. */
const charactersOf = (call: Uint8Array): number[] =>
  Array.from(call.subarray(0, CALL_BYTES - 1), byte => byte >> 1)

/** How a call sign must be shown if it is not as it should be: with its bytes, or as bytes. */
function spellingOf(call: Uint8Array): Spelling | undefined {
  const characters = charactersOf(call)
  const isText = (code: number): boolean => code >= SPACE && code < DELETE && code !== 0x2a && code !== 0x2f
  if (!characters.every(isText)) return 'raw'
  const last = call[CALL_BYTES - 1] ?? 0
  const letters = String.fromCharCode(...characters)
  const isSane =
    call.subarray(0, CALL_BYTES - 1).every(byte => (byte & 1) === 0) &&
    /^[0-9A-Z]* *$/.test(letters) &&
    (last & ~SECONDARY_ID) === 0 &&
    (letters.trim() !== '' || last === 0)
  return isSane ? undefined : 'verbose'
}

/** `ABC-15`: the letters, and the secondary id of the station. */
function callSign(call: Uint8Array, options: TextOptions): string {
  const spelling = spellingOf(call) ?? options.spelling ?? 'abbrev'
  const bytes = `{ax25_call=${quote(call, false, 'all')}}`
  if (spelling === 'raw') return bytes
  const letters = String.fromCharCode(...charactersOf(call)).trimEnd()
  const text = `${letters}-${((call[CALL_BYTES - 1] ?? 0) & SECONDARY_ID) >> 1}`
  const name = text === '-0' ? '*' : text
  return spelling === 'verbose' ? `${bytes} /* ${name} */` : name
}

export const ax25Text: FamilyText = family('sockaddr_ax25', (fields, options) => {
  const { sax25_ndigis: count, fsa_digipeater: rest } = fields
  const own = members(
    `sax25_call=${callSign(Uint8Array.from(fields.sax25_call), options)}`,
    `sax25_ndigis=${count}`,
  )
  if (count === 0 && rest.length === 0) return own
  const there = Math.min(Math.floor(rest.length / CALL_BYTES), MOST_STATIONS)
  const wanted = Math.min(Math.max(count, 0), MOST_STATIONS)
  const stations = Array.from({ length: Math.min(there, wanted) }, (_, index) =>
    callSign(rest.subarray(index * CALL_BYTES, (index + 1) * CALL_BYTES), options),
  )
  if (wanted > there) stations.push('...')
  return members(
    `fsa_ax25={${own.slice(', '.length)}}`,
    wanted === 0 ? undefined : `fsa_digipeater=[${stations.join(', ')}]`,
    rest.length > there * CALL_BYTES ? '...' : undefined,
  )
})
