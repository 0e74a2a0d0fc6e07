/** Policy files as people like to read them: lists of words fill lines. */
import { jsonBits } from '../../policy/files/to-json.ts'
import type { Policy } from '../../policy/policy.ts'
import { wrap } from './wrap.ts'

const WIDTH = 100

const isSimple = (value: unknown): boolean => typeof value !== 'object' || value === null

function text(value: unknown, indent: number): string {
  if (isSimple(value)) return JSON.stringify(value)
  const inner = Array.isArray(value)
    ? value.map(one => text(one, indent + 2))
    : Object.entries(value as object).map(([key, one]) => `${JSON.stringify(key)}: ${text(one, indent + 2)}`)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  if (inner.length === 0) return open + close
  const line = Array.isArray(value) ? `[${inner.join(', ')}]` : `{ ${inner.join(', ')} }`
  if (indent + line.length <= WIDTH && !line.includes('\n')) return line
  const space = ' '.repeat(indent + 2)
  const words = Array.isArray(value) && value.every(one => isSimple(one) && !String(one).includes(' '))
  const lines = words ? wrap(inner.join(', '), indent + 2, WIDTH) : inner.map(one => space + one).join(',\n')
  return `${open}\n${lines}\n${' '.repeat(indent)}${close}`
}

/**
 * The text of a policy file, with a line break at its end. Handlers cannot be written; see
 * policyJson().
 */
export const policyFileText = (policy: Policy): string =>
  `${text(JSON.parse(JSON.stringify(policy, jsonBits)), 0)}\n`
