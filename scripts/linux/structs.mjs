// Layouts of structs: the blocks of structs.txt and shapes.txt, which have one notation (it is
// explained in structs.txt), with offsets and sizes from the compiler.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fieldKind, readLength } from './field-kinds.mjs'

/** `flags&2`, `id==1,2`, `x!=full`: on which value of another field a field depends. */
function readCondition(text) {
  if (text === undefined) return undefined
  const [, field, test, values] = /^(\w+)(!?&|==|!=|>)([\w,]+)$/.exec(text) ?? []
  if (field === undefined) throw new Error(`no condition [${text}]`)
  if (values === 'full') return { field, test, values: [0], orFull: true }
  return { field, test, values: values.split(',').map(Number) }
}

/** `[>][[CONDITION]]NAME[=MEMBER]:KIND[@COUNT][?]`; in a view, `NAME` is a field of the struct. */
function readMember(word, base) {
  const [, step, condition, name, member, text] =
    /^(>?)(?:\[([^\]]+)\])?([\w.]+)(?:=([\w.[\]]+))?(?::(.+))?$/.exec(word) ?? []
  if (name === undefined) throw new Error(`no field ${word}`)
  if (text === undefined) {
    const field = base?.members.find(each => each.name === name)
    if (!field) throw new Error(`no kind of ${word}`)
    return field
  }
  const [, kind, mark, count, optional] = /^([^?]+?)(?:([@%])(\w+))?(\?)?$/.exec(text)
  // What follows `tail@` is a part of the kind.
  const isTail = kind === 'tail'
  return {
    name,
    member: member ?? name,
    kind: isTail ? `tail@${count}` : kind,
    count: isTail ? undefined : count,
    inBytes: mark === '%',
    optional: optional !== undefined,
    step: step === '>',
    when: readCondition(condition),
  }
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

/** Where the fields end that are printed without -v. */
const REST = '...'

function addFields(block, words) {
  if (words[0] === 'bits' && words.length > 3) {
    block.members.push(...readBits(words.slice(1)))
    return
  }
  for (const word of words)
    if (word === REST) block.brief = block.members.length
    else block.members.push(readMember(word, block.base))
}

/**
 * The blocks of a text: `NAME | C type | headers | flags`, or `NAME of STRUCT`, and then lines of
 * fields, which begin with a blank.
 */
export function readBlocks(text) {
  const blocks = []
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue
    if (line.startsWith(' ')) {
      addFields(blocks.at(-1), line.trim().split(/\s+/))
      continue
    }
    const [, view, of] = /^(\w+) of (\w+)$/.exec(line) ?? []
    if (of !== undefined) {
      const base = blocks.find(({ name }) => name === of)
      if (!base) throw new Error(`${view}: no struct ${of} before it`)
      blocks.push({ ...base, name: view, base, members: [], brief: undefined })
      continue
    }
    if (!line.includes(' | ')) continue
    const [name, type, headers = '-', flags = ''] = line.split(' | ').map(part => part.trim())
    if (blocks.some(block => block.name === name)) throw new Error(`struct ${name} is there twice`)
    blocks.push({
      name,
      type,
      headers: headers === '-' ? [] : headers.split(','),
      only: flags.match(/\b(32|64)\b/)?.[0],
      members: [],
    })
  }
  return blocks
}

const spelled = ({ name, type }) => (type.startsWith('{') ? `struct own_${name}` : type)
const isInStruct = member => member.member !== undefined
/** Elements that lie behind the struct, and tails, take no room. */
const isFlexible = ({ kind }) => kind.startsWith('tail') || kind.startsWith('+')
const isList = ({ kind }) => kind.endsWith('[]')

/**
 * The numbers of blocks that have the same headers: of each its size and, of each member, the
 * offset, the size, and the size of its elements if it is a list. One run of the compiler, which
 * writes the numbers into its assembly.
 */
function numbersOf(blocks, machine, scratch) {
  const number = value => `  asm volatile("\\n->%c0" :: "i"(${value}));\n`
  const lines = blocks.flatMap(block => [
    number(`sizeof(${spelled(block)})`),
    ...block.members.filter(isInStruct).flatMap(member => {
      const whole = `((${spelled(block)} *)0)->${member.member}`
      return [
        number(`__builtin_offsetof(${spelled(block)}, ${member.member})`),
        number(isFlexible(member) ? 0 : `sizeof(${whole})`),
        number(isList(member) ? `sizeof(*(${whole}))` : 0),
      ]
    }),
  ])
  const own = blocks.filter(({ type, base }) => type.startsWith('{') && !base)
  const source = [
    '#define _GNU_SOURCE\n#include <stddef.h>\n',
    ...blocks[0].headers.map(header => `#include <${header}>\n`),
    ...own.map(block => `${spelled(block)} ${block.type};\n`),
    ...blocks
      .filter(({ type, base }) => type.startsWith('{') && base)
      .map(block => `${spelled(block)} ${block.type};\n`),
    `void f(void) {\n${lines.join('')}}\n`,
  ].join('')
  const assembly = execFileSync('cc', [machine, '-w', `-I${scratch}`, '-S', '-o', '-', '-xc', '-'], {
    input: source,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  })
  return [...assembly.matchAll(/^->(\d+)/gm)].map(match => Number(match[1]))
}

/** What is not so in every field stands only where it is so. */
const attributes = ({ step, optional, when }) => ({
  ...(when === undefined ? {} : { when }),
  ...(step ? { isStep: true } : {}),
  ...(optional ? { isOptional: true } : {}),
})

/** A layout, from the numbers of the compiler, which are taken from the beginning of the list. */
function layoutFrom(block, numbers) {
  const [size] = numbers.splice(0, 1)
  const fields = block.members.map(member => {
    if (!isInStruct(member)) {
      const { first, width } = member
      const kind = { type: 'bits', bits: member.size * 8, first, width, notation: 'uint' }
      return { name: member.name, offset: member.offset, size: 0, kind }
    }
    const [offset, bytes, element] = numbers.splice(0, 3)
    const count =
      member.count === undefined
        ? undefined
        : { ...readLength(member.count, block.members), ...(member.inBytes ? { bytes: true } : {}) }
    const kind = fieldKind(member.kind, { size: bytes, element, count })
    return { name: member.name, offset, size: bytes, kind, ...attributes(member) }
  })
  // Of a struct with a tail, the bytes before it: the compiler adds padding that no program
  // writes.
  const tail = fields.find(({ kind }) => kind.type === 'tail')
  return {
    name: block.name,
    size: tail?.offset ?? size,
    fields,
    ...(block.brief === undefined ? {} : { brief: block.brief }),
  }
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

/** Fields that share their bytes with another one, of which a struct has one at a time. */
const SHARED = new Set([
  ...['perf_event_attr', 'sigevent', 'hd_command', 'ebpf_instruction', 'rtc_param_get', 'v4l2_ext_control'],
])
const mayShare = ({ name, fields }) => SHARED.has(name) || fields.some(({ when }) => when !== undefined)

function measureAll(blocks, machine, scratch) {
  const groups = new Map()
  for (const block of blocks) {
    const headers = block.headers.join(',')
    groups.set(headers, [...(groups.get(headers) ?? []), block])
  }
  const made = new Map()
  for (const [headers, group] of groups) {
    try {
      const numbers = numbersOf(group, machine, scratch)
      for (const block of group) {
        const layout = layoutFrom(block, numbers)
        if (!mayShare(layout)) check(layout)
        made.set(block.name, layout)
      }
    } catch (error) {
      const names = group.map(({ name }) => name).join(' ')
      throw new Error(`${headers} ${machine} (${names}): ${error.stderr ?? error.message}`, { cause: error })
    }
  }
  return blocks.map(({ name }) => made.get(name))
}

/** The structs that a kind is made of. */
function structsIn(kind) {
  if (kind.type === 'struct') return [kind.name]
  return [kind.of, kind.to].filter(inner => typeof inner === 'object').flatMap(structsIn)
}

/**
 * Layouts for programs of 64 bits, of 32 bits and of x32, of the blocks of all these texts.
 * `common`: the names of those of the first.
 */
export function readLayouts(texts, scratch) {
  // glibc's headers ask for files that only its packages for these ABIs have.
  mkdirSync(join(scratch, 'gnu'), { recursive: true })
  for (const abi of ['32', 'x32']) writeFileSync(join(scratch, `gnu/stubs-${abi}.h`), '')
  const blocks = readBlocks(texts.join('\n'))
  const wide = measureAll(
    blocks.filter(block => block.only !== '32'),
    '-m64',
    scratch,
  )
  const narrow = measureAll(
    blocks.filter(block => block.only !== '64'),
    '-m32',
    scratch,
  )
  const x32 = measureAll(
    blocks.filter(block => block.only === undefined),
    '-mx32',
    scratch,
  )
  const used = new Set(blocks.map(({ name }) => name))
  for (const { name, fields } of [...wide, ...narrow, ...x32])
    for (const { kind } of fields)
      for (const inner of structsIn(kind))
        if (!used.has(inner)) throw new Error(`${name}: no struct ${inner}`)
  const common = new Set(readBlocks(texts[0]).map(({ name }) => name))
  return { wide, narrow, x32, common }
}
