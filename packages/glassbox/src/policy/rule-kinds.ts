/** The kinds of rules about calls. Unknown keys and unknown calls are refused. */
import { InvalidOptionError } from '../errors.ts'
import { allSyscalls, syscallNumber } from '../linux/syscalls.ts'
import { type Kind, list, text, unexpected } from '../options/kind.ts'
import { record } from '../options/record.ts'
import { ACTION } from './action-kinds.ts'
import { CONDITION, whole } from './condition-kinds.ts'
import { pointerOf } from './pointers.ts'
import type { Rule } from './policy.ts'

/** The name of a system call. The error for an unknown name suggests a similar one. */
export const SYSCALL: Kind<string> = {
  expected: 'the name of a system call',
  schema: () => ({ enum: allSyscalls().map(({ name }) => name) }),
  read: (value, path) => {
    if (typeof value !== 'string') throw unexpected(path, SYSCALL.expected, value, 'For example "openat".')
    try {
      syscallNumber(value)
    } catch (error) {
      throw error instanceof InvalidOptionError
        ? new InvalidOptionError(path, error.message, error.hint)
        : error
    }
    return value
  },
}

const rule = record<Rule>({
  fields: {
    syscalls: {
      kind: list(SYSCALL, 'a list of system calls'),
      words: ['syscall', 'names', 'calls'],
      about: 'The calls that the rule is about.',
    },
    when: {
      kind: list(CONDITION, 'a list of conditions'),
      words: ['conditions', 'if', 'args', 'where'],
      about: 'The rule matches if all of these hold.',
    },
    atMost: {
      kind: whole(1, 0xffffffff),
      words: ['count', 'times', 'max', 'most', 'limit'],
      about: 'The rule matches the first calls only. Needs the ptrace runner.',
    },
    action: { kind: ACTION, words: ['then', 'do'] },
    why: {
      kind: text('text'),
      words: ['reason', 'comment', 'description'],
      about: 'The reason, for messages.',
    },
  },
  required: ['syscalls', 'action'],
  lacks: 'A rule has no key',
  expected: 'a rule, { syscalls, when, action }',
})

export const RULE: Kind<Rule> = {
  expected: rule.expected,
  ...(rule.schema && { schema: rule.schema }),
  read: (value, path) => {
    const read = rule.read(value, path)
    const { syscalls, action } = read
    if (syscalls.length === 0) {
      throw new InvalidOptionError(
        `${path}.syscalls`,
        `${path}.syscalls: a rule without system calls has no effect.`,
      )
    }
    if (action.kind === 'decide') checkDecidable(syscalls, path)
    return read
  },
}

function checkDecidable(syscalls: readonly string[], path: string): void {
  for (const [index, name] of syscalls.entries()) {
    const pointer = pointerOf(name)
    if (pointer === undefined) continue
    throw new InvalidOptionError(
      `${path}.syscalls[${index}]`,
      `${path}.syscalls[${index}]: no handler can decide ${name}, because another thread could change what its argument ${pointer} leads to.`,
      'Decide about files by path patterns, and about other calls with allow, errno or kill.',
    )
  }
}
