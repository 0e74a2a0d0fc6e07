// The lines of variants.txt: what conditions on the arguments of a call make of them.

const number = (text, constants) => {
  const value = constants.get(text) ?? Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`variants.txt: no constant ${text}`)
  return value
}

/** `@SET`: all values of a set. */
function numbers(list, { constants, sets }) {
  return list.split(',').flatMap(word => {
    if (!word.startsWith('@')) return [number(word, constants)]
    const values = sets.get(word.slice(1))
    if (!values) throw new Error(`variants.txt: no set ${word}`)
    return [...new Set(values)]
  })
}

/** A condition as text of TypeScript. */
function condition(text, facts) {
  const [, argument, rest] = /^(\d)(.*)$/.exec(text) ?? []
  const bits = /^(!?)&([^=!]+)$/.exec(rest)
  if (bits) {
    const [, not, mask] = bits
    return { argument: Number(argument), is: not ? 'without' : 'with', mask: number(mask, facts.constants) }
  }
  const greater = /^>(.+)$/.exec(rest)
  if (greater) return { argument: Number(argument), is: 'above', value: number(greater[1], facts.constants) }
  const [, , mask, not, list] = /^(&([^=!]+))?(!?)=(.+)$/.exec(rest) ?? []
  if (list === undefined) throw new Error(`variants.txt: no condition ${text}`)
  return {
    argument: Number(argument),
    is: not ? 'none' : 'one',
    ...(mask === undefined ? {} : { mask: number(mask, facts.constants) }),
    values: numbers(list, facts),
  }
}

/** `INDEX[:kind][@name][?condition]`. */
function shown(text, facts) {
  const [, index, kind, name, when] = /^(\d)(?::([^?@]+))?(?:@(\w+))?(?:\?(.+))?$/.exec(text) ?? []
  if (index === undefined) throw new Error(`variants.txt: no argument ${text}`)
  return {
    index: Number(index),
    kind,
    name,
    when: when === undefined ? undefined : condition(when, facts),
  }
}

export function readVariants(lines, facts) {
  const calls = new Map()
  for (const line of lines) {
    const [head, list] = line.split(' : ')
    const [call, ...conditions] = head.trim().split(' ')
    const known = calls.get(call) ?? []
    calls.set(call, known)
    known.push({
      when: conditions.map(text => condition(text, facts)),
      show: list
        .trim()
        .split(' ')
        .map(text => shown(text, facts)),
    })
  }
  return calls
}
