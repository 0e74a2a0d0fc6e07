// Converts lines of structs.txt from the words of registers to the notation that all structs have.
// It may run again on what it has converted. Usage: node scripts/linux/convert-notation.mjs [ROOT]
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url))
const path = join(root, 'scripts/linux/structs.txt')

const WORDS = {
  uint: 'u',
  size: 'u',
  int: 'd',
  long: 'd',
  off: 'd',
  hex: 'x',
  hex32: 'x',
  octal: 'o',
  addr: 'p',
}

function kind(text) {
  const list = /^(.+)\[\d+\]$/.exec(text)
  if (list) return `${kind(list[1])}[]`
  if (Object.hasOwn(WORDS, text)) return WORDS[text]
  if (text === 'chars') return 'str'
  const struct = /^struct:(\w+)$/.exec(text)
  if (struct) return `{${struct[1]}}`
  return text
    .replace(/^array[<>](tid)@/, '&$1/4@')
    .replace(/^array[<>](\w+?)__(\w+)@(\w+_len)/, '&{$1.$2}%$3')
    .replace(/^array[<>](\w+)@/, '&{$1}@')
    .replace(/^sigset@/, '*sigset@')
    .replace('@ss_len', '@sigsetsize')
}

const field = word =>
  word.replace(/^((?:[\w.]+)(?:=[\w.[\]]+)?):(.+)$/, (_, head, text) => `${head}:${kind(text)}`)
const line = text =>
  !text.startsWith('  ') || text.trim().startsWith('bits ')
    ? text
    : `  ${text.trim().split(' ').map(field).join(' ')}`

writeFileSync(path, readFileSync(path, 'utf8').split('\n').map(line).join('\n'))
