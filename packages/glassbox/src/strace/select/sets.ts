/**
 * Sets of other things than system calls: signals, statuses, messages, descriptors. Each reports
 * an unknown word as strace does.
 */
import { signalName } from '../../linux/signals.ts'
import { fault } from '../fault.ts'
import { unsignedOf } from '../numbers.ts'
import type { NumberSet } from '../options.ts'
import { inversion } from './set.ts'

export const ALL_NUMBERS: NumberSet = { numbers: [], inverted: true }
export const NO_NUMBERS: NumberSet = { numbers: [], inverted: false }

export const LAST_SIGNAL = 64
/** strace takes numbers that no signal of this machine has. */
const LAST_NUMBER = 255

/** The number of `SIGUSR1`, `usr1`, `10`. */
export function signalOf(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text)
    return number <= LAST_NUMBER ? number : undefined
  }
  const upper = text.toUpperCase()
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`
  for (let number = 1; number <= LAST_SIGNAL; number++) if (signalName(number) === name) return number
  return undefined
}

/** The items of a set, without empty ones. A set needs one at least. */
function itemsOf(rest: string, text: string, what: string): readonly string[] {
  const items = rest.split(',').filter(item => item !== '')
  if (items.length === 0) throw fault(`invalid ${what} '${text}'`)
  return items
}

function numberSet(text: string, what: string, parse: (item: string) => number | undefined): NumberSet {
  const { inverted, rest } = inversion(text)
  if (rest === 'all') return { numbers: [], inverted: !inverted }
  if (rest === 'none') return { numbers: [], inverted }
  const numbers = itemsOf(rest, text, what).flatMap(item => {
    const number = parse(item)
    if (number === undefined) throw fault(`invalid ${what} '${item}'`)
    return number
  })
  return { numbers, inverted }
}

export const signalSet = (text: string): NumberSet => numberSet(text, 'signal', signalOf)

export const descriptorSet = (text: string): NumberSet =>
  numberSet(text, 'descriptor', item => unsignedOf(item))

/** A set of words. `also`: other spellings of some of them. */
export function wordSet<Word extends string>(
  text: string,
  what: string,
  words: readonly Word[],
  also: Readonly<Record<string, Word>> = {},
): readonly Word[] {
  const { inverted, rest } = inversion(text)
  const chosen = new Set<Word>()
  if (rest === 'all') for (const word of words) chosen.add(word)
  else if (rest !== 'none') {
    for (const item of itemsOf(rest, text, what)) {
      const word = words.find(each => each === item.toLowerCase()) ?? also[item.toLowerCase()]
      if (word === undefined) throw fault(`invalid ${what} '${item}'`)
      chosen.add(word)
    }
  }
  return words.filter(word => chosen.has(word) !== inverted)
}
