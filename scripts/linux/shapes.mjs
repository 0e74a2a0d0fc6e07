// Shapes: structs that only text is made of, and which requests take them. The blocks of
// shapes.txt, with offsets and sizes from the compiler.
import { execFileSync } from 'node:child_process'

/** `[>][[CONDITION]]NAME[=MEMBER]:KIND[?]`, or `...`. */
function readField(word) {
  if (word === '...') return { rest: true, step: '', condition: '', name: '', member: '', kind: '' }
  const [, step, condition = '', name, member = name, kind] =
    /^(>?)(?:\[([^\]]+)\])?([\w.]+)(?:=([\w.[\]]+))?:(.+)$/.exec(word) ?? []
  if (name === undefined) throw new Error(`no field ${word}`)
  return { rest: false, step, condition, name, member, kind }
}

function readBlocks(text) {
  const shapes = []
  const requests = []
  const attributes = []
  const calls = []
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue
    if (line.startsWith(' ')) {
      shapes.at(-1).fields.push(...line.trim().split(/\s+/).map(readField))
    } else if (line.startsWith('args ')) {
      const [, call, condition, ...kinds] = line.split(/\s+/)
      const [index, values] = condition.split('=')
      calls.push({ call, index, values: values.split(','), kinds })
    } else if (line.startsWith('attrs ')) {
      attributes.push(`${line.slice('attrs '.length)}\n`)
    } else if (line.includes(' | ')) {
      const [name, type, headers = '-'] = line.split(' | ').map(part => part.trim())
      shapes.push({ name, type, headers: headers === '-' ? [] : headers.split(','), fields: [] })
    } else {
      const [, names, ...kinds] = line.split(/\s+/)
      requests.push({ names: names.split(','), kinds })
    }
  }
  return { shapes, requests, attributes, calls }
}

const own = ({ name, type }) => (type.startsWith('{') ? `struct own_${name}` : type)

/**
 * The size of each shape and, of each field, the offset, the size, and the size of its elements
 * if it is a list: one run of the compiler, which writes the numbers into its assembly.
 */
function numbersOf(shapes, scratch) {
  const headers = [...new Set(shapes.flatMap(shape => shape.headers))]
  const number = value => `  asm volatile("\\n->%c0" :: "i"(${value}));\n`
  const isList = kind => /\[\]/.test(kind)
  const lines = shapes.flatMap(shape => [
    number(`sizeof(${own(shape)})`),
    ...shape.fields.flatMap(({ rest, member, kind }) => {
      if (rest) return []
      const flexible = kind.startsWith('tail') || kind.startsWith('+')
      const whole = `((${own(shape)} *)0)->${member}`
      return [
        number(`__builtin_offsetof(${own(shape)}, ${member})`),
        number(flexible ? 0 : `sizeof(${whole})`),
        number(isList(kind) ? `sizeof(*(${whole}))` : 0),
      ]
    }),
  ])
  const source = [
    '#define _GNU_SOURCE\n',
    ...headers.map(header => `#include <${header}>\n`),
    ...shapes.filter(({ type }) => type.startsWith('{')).map(shape => `${own(shape)} ${shape.type};\n`),
    `void f(void) {\n${lines.join('')}}\n`,
  ].join('')
  const assembly = execFileSync('cc', ['-w', `-I${scratch}`, '-S', '-o', '-', '-xc', '-'], {
    input: source,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  })
  return [...assembly.matchAll(/^->(\d+)/gm)].map(match => Number(match[1]))
}

/** Lines of generated/shapes.ts. `numberOf`: the number of a request. */
export function readShapes(text, scratch, numberOf) {
  const { shapes, requests, attributes, calls } = readBlocks(text)
  const numbers = numbersOf(shapes, scratch)
  const known = new Set(shapes.map(({ name }) => name))
  const lines = shapes.map(shape => {
    const [size] = numbers.splice(0, 1)
    const fields = shape.fields.map(({ rest, step, condition, name, kind }) => {
      if (rest) return '...'
      const [offset, bytes, element] = numbers.splice(0, 3)
      for (const [, inner] of kind.matchAll(/\{(\w+)\}/g))
        if (!known.has(inner)) throw new Error(`${shape.name}: no shape ${inner}`)
      const place = `${offset}+${bytes}${element > 0 ? `/${element}` : ''}`
      const when = condition === '' ? '' : `[${String(condition)}]`
      return `${String(step)}${when}${String(name)}@${place}:${String(kind)}`
    })
    return `${shape.name} ${size} ${fields.join(' ')}\n`
  })
  const taken = requests.flatMap(({ names, kinds }) =>
    names.map(name => `${numberOf(name).toString(16)} ${kinds.join(' ')}\n`),
  )
  const selected = calls.flatMap(({ call, index, values, kinds }) =>
    values.map(value => `${call} ${index}=${value === '*' ? value : numberOf(value)} ${kinds.join(' ')}\n`),
  )
  return { shapes: lines, requests: taken, attributes, calls: selected }
}
