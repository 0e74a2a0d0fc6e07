/**
 * The kinds of actions, and of the answers of handlers. Each action has a table of its own, which
 * its key `kind` chooses.
 */
import {
  choice,
  type Field,
  func,
  guarded,
  type JsonSchema,
  type Kind,
  type RecordKind,
  unexpected,
} from '../options/kind.ts'
import { type Fields, isPlain, record } from '../options/record.ts'
import type { KernelAction } from '../seccomp/policy.ts'
import { whole } from './condition-kinds.ts'
import type { Action, CallDecision, DecideCall } from './policy.ts'
import type { PathDenial } from './resolved.ts'

/** An action of one kind, with the keys that this kind needs. */
const action = <T extends { readonly kind: string }>(
  kind: T['kind'],
  more: Readonly<Record<string, Field<unknown>>> = {},
): RecordKind<T> =>
  record<T>({
    fields: { kind: { kind: choice<string>([kind]) }, ...more } as unknown as Fields<T>,
    required: Object.keys(more) as (keyof T & string)[],
    lacks: `The action ${kind} has no key`,
    expected: 'an action',
  })

const KERNEL_ACTIONS: Readonly<Record<KernelAction['kind'], RecordKind<KernelAction>>> = {
  allow: action('allow'),
  errno: action('errno', { errno: { kind: whole(0, 4095) } }),
  kill: action('kill'),
  trace: action('trace', { data: { kind: whole(0, 0xffff) } }),
  log: action('log'),
  notify: action('notify'),
}

const HANDLER = func<DecideCall>('a function', "For example call => call.args[0] === 1n ? 'allow' : 'kill'.")

const ACTIONS: Readonly<Record<Action['kind'], RecordKind<Action>>> = {
  ...KERNEL_ACTIONS,
  decide: action('decide', { handler: { kind: HANDLER } }),
}

/** The schema of a table; `undefined` if JSON cannot have all of its keys. */
function jsonSchemaOf({ fields, schema }: RecordKind<unknown>): JsonSchema | undefined {
  return Object.values(fields).every(field => field.kind.schema) ? schema?.() : undefined
}

/** A value whose key `kind` says which table it is read by. */
function byKind<T>(tables: Readonly<Record<string, RecordKind<T>>>, expected: string): Kind<T> {
  return {
    expected,
    schema: () => ({ oneOf: Object.values(tables).flatMap(table => jsonSchemaOf(table) ?? []) }),
    read: (value, path) => {
      const kind: unknown = isPlain(value) ? guarded(`${path}.kind`, () => value['kind']) : undefined
      const table = typeof kind === 'string' && Object.hasOwn(tables, kind) ? tables[kind] : undefined
      if (table) return table.read(value, path)
      throw unexpected(path, expected, value, `Its kind is one of ${Object.keys(tables).join(', ')}.`)
    },
  }
}

/** An action that the kernel takes by itself. */
export const KERNEL_ACTION: Kind<KernelAction> = byKind(KERNEL_ACTIONS, 'an action')

export const ACTION: Kind<Action> = byKind(ACTIONS, 'an action')

/** What happens to a call whose path is denied. It cannot succeed without being made. */
export const PATH_DENIAL: Kind<PathDenial> = byKind<PathDenial>(
  { errno: action('errno', { errno: { kind: whole(1, 4095) } }), kill: action('kill') },
  'an action, errno or kill',
)

/** What errors call the answer of a handler. */
export const ANSWER = 'its answer'

const ANSWERS = "'allow', 'kill' or { errno }"

const ERRNO_ANSWER = record<{ readonly errno: number }>({
  fields: { errno: { kind: whole(0, 4095) } },
  required: ['errno'],
  lacks: 'An answer has no key',
  expected: ANSWERS,
})

/**
 * The answer of a handler. Nothing else counts as one: a handler that forgets to return a value
 * has decided nothing, and a call that nobody decides is not made.
 */
export const DECISION: Kind<CallDecision> = {
  expected: ANSWERS,
  read: (value, path) => {
    if (value === 'allow' || value === 'kill') return value
    if (!isPlain(value)) throw unexpected(path, ANSWERS, value)
    return ERRNO_ANSWER.read(value, path)
  },
}
