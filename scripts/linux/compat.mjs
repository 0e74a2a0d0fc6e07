// The lines of compat.txt, and the calls of x32, as a generated file.

/** `NAME(arguments) [= CALL [REGISTERS]] [: RESULT CLASSES]`, after the ABI. */
export function readCompat(line) {
  const [, abi, name, list, as, registers, result, classes] =
    /^(i386|x32) (\w+)(?:\((.*?)\))?(?: = (\w+)((?: [\d+<*]+)*))?(?: : (\w+)(.*))?$/.exec(line) ?? []
  if (name === undefined) throw new Error(`compat.txt: ${line}`)
  const args =
    list === undefined
      ? undefined
      : list
          .split(', ')
          .filter(Boolean)
          .map(arg => /^(\w+):(\S+)$/.exec(arg).slice(1))
  return { abi, name, args, line: lineOf(name, as, registers, result, classes) }
}

const lineOf = (name, as = '', registers = '', result = '', classes = '') =>
  `${name} ${as}|${registers.trim()}|${result}|${classes.trim()}`

/** Names of the calls of x32 by number, from the macros of its header. */
export function readX32(macros) {
  const found = [...macros.matchAll(/^#define __NR_(\w+) \(__X32_SYSCALL_BIT \+ (\d+)\)$/gm)]
  if (found.length === 0) throw new Error('no calls of x32')
  return found.map(([, name, nr]) => [Number(nr), name]).sort((a, b) => a[0] - b[0])
}

/** By ABI: its lines, and the arguments of those that have their own. */
export function compatFile(calls, kinds) {
  const own = calls.filter(({ args }) => args !== undefined)
  const table = abi => `{
${own
  .filter(call => call.abi === abi)
  .map(({ name, args }) => {
    const list = args.map(([arg, kind]) => `a('${arg}', ${kinds.of(kind)})`)
    return `  ${name}: () => [${list.join(', ')}],\n`
  })
  .join('')}}`
  const lines = abi =>
    calls
      .filter(call => call.abi === abi)
      .map(({ line }) => `${line}\n`)
      .join('')
  return `import type { Argument, Noted } from '../schema/kinds.ts'
import { kinds } from './kinds.ts'

const a = (name: string, kind: Noted): Argument => ({ name, kind })

type Arguments = Readonly<Record<string, () => readonly Argument[]>>

// NAME CALL|REGISTERS|RESULT|CLASSES, see scripts/linux/compat.txt.
export const I386_FORMS = \`
${lines('i386')}\`
export const X32_FORMS = \`
${lines('x32')}\`

/** The arguments of calls that have their own. */
export const I386_ARGUMENTS: Arguments = ${table('i386')}

export const X32_ARGUMENTS: Arguments = ${table('x32')}
`
}
