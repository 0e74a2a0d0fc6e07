// Layouts of structs: the blocks of structs.txt, with offsets and sizes from the compiler.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fieldKind } from './kinds.mjs'

/** `name=member:kind`, or bit fields. */
function readMember(word) {
  const [, name, member, kind] = /^(\w+)(?:=([\w.]+))?:(.+)$/.exec(word) ?? []
  if (name === undefined) throw new Error(`no field ${word}`)
  return { name, member: member ?? name, kind }
}

function readBits(words) {
  const [offset, size, ...names] = words
  let first = 0
  return names.map(word => {
    const [name, width] = word.split(':')
    const field = { name, offset: Number(offset), size: Number(size), first, width: Number(width) }
    first += Number(width)
    return field
  })
}

/** The blocks of structs.txt. */
export function readBlocks(text) {
  const blocks = []
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue
    if (line.startsWith(' ')) {
      const words = line.trim().split(/\s+/)
      const fields = words[0] === 'bits' ? readBits(words.slice(1)) : words.map(readMember)
      blocks.at(-1).members.push(...fields)
      continue
    }
    const [name, type, headers = '-', only] = line.split('|').map(part => part.trim())
    blocks.push({
      name,
      type,
      headers: headers === '-' ? [] : headers.split(','),
      only32: only === '32',
      members: [],
    })
  }
  return blocks
}

/**
 * The size of each struct and, of each member, the offset and the size: one run of the compiler,
 * which writes the numbers into its assembly. An array without a size takes none.
 */
function measure(block, machine, scratch) {
  const { name, type, headers, members } = block
  const own = type.startsWith('{')
  const spelled = own ? `struct own_${name}` : type
  const plain = members.filter(member => member.member !== undefined)
  const number = value => `  asm volatile("\\n->%c0" :: "i"(${value}));\n`
  const flexible = ({ kind }) => kind.startsWith('tail')
  const source = [
    '#define _GNU_SOURCE\n#include <stddef.h>\n',
    ...headers.map(header => `#include <${header}>\n`),
    own ? `struct own_${name} ${type};\n` : '',
    `typedef ${spelled} measured;\nvoid f(void) {\n`,
    number('sizeof(measured)'),
    ...plain.map(
      member =>
        number(`offsetof(measured, ${member.member})`) +
        number(flexible(member) ? 0 : `sizeof(((measured *)0)->${member.member})`),
    ),
    '}\n',
  ].join('')
  const assembly = execFileSync('cc', [machine, '-w', `-I${scratch}`, '-S', '-o', '-', '-xc', '-'], {
    input: source,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const [size, ...numbers] = [...assembly.matchAll(/^->(\d+)/gm)].map(match => Number(match[1]))
  const fields = members.map(member => {
    if (member.member === undefined) {
      const { first, width } = member
      const kind = { type: 'bits', bits: member.size * 8, first, width, notation: 'uint' }
      return { name: member.name, offset: member.offset, size: 0, kind }
    }
    const [offset, bytes] = numbers.splice(0, 2)
    return { name: member.name, offset, size: bytes, kind: fieldKind(member.kind, bytes) }
  })
  // Of a struct with a tail, the bytes before it: the compiler adds padding that no program
  // writes.
  const tail = fields.find(({ kind }) => kind.type === 'tail')
  return { name, size: tail?.offset ?? size, fields }
}

/** Stops at two fields in the same place: a member is named twice, or is part of a union. */
function check({ name, size, fields }) {
  const sorted = fields.filter(field => field.size > 0).toSorted((a, b) => a.offset - b.offset)
  for (const [index, field] of sorted.entries()) {
    const next = sorted[index + 1]
    if (field.offset + field.size > (next?.offset ?? size))
      throw new Error(`struct ${name}: ${field.name} overlaps ${next?.name ?? 'its end'}`)
  }
}

/** Fields that share their bytes with another one: a struct has one of them at a time. */
const SHARED = new Set(['perf_event_attr', 'sigevent'])

/** Layouts for programs of 64 and of 32 bits. */
export function readLayouts(text, scratch) {
  // glibc's headers ask for a file that only its 32-bit package has.
  mkdirSync(join(scratch, 'gnu'), { recursive: true })
  writeFileSync(join(scratch, 'gnu/stubs-32.h'), '')
  const blocks = readBlocks(text)
  const of = (machine, wanted) =>
    wanted.map(block => {
      try {
        const layout = measure(block, machine, scratch)
        if (!SHARED.has(block.name)) check(layout)
        return layout
      } catch (error) {
        throw new Error(`struct ${block.name} ${machine}: ${error.stderr ?? error.message}`, { cause: error })
      }
    })
  const wide = of(
    '-m64',
    blocks.filter(block => !block.only32),
  )
  const narrow = of('-m32', blocks)
  const used = new Set([...wide, ...narrow].map(({ name }) => name))
  for (const { name, fields } of [...wide, ...narrow])
    for (const { kind } of fields)
      if (kind.type === 'struct' && !used.has(kind.name)) throw new Error(`${name}: no struct ${kind.name}`)
  return { wide, narrow }
}
