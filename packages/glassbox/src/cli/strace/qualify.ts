/**
 * `-e NAME=SET`: what each name qualifies. An expression without a known name is a set of system
 * calls to trace. Pure.
 */
import { fault } from '../../strace/fault.ts'
import { injection, retvalWarning } from '../../strace/inject/grammar.ts'
import { STATUSES } from '../../strace/options.ts'
import { callSet } from '../../strace/select/set.ts'
import { descriptorSet, signalSet, wordSet } from '../../strace/select/sets.ts'
import type { Draft } from './draft.ts'

const QUALIFIERS: Readonly<Record<string, (draft: Draft, text: string) => void>> = {
  trace: (draft, text) => void (draft.trace = callSet(text)),
  abbrev: (draft, text) => void (draft.abbrev = callSet(text)),
  verbose: (draft, text) => void (draft.verbose = callSet(text)),
  raw: (draft, text) => void (draft.raw = callSet(text)),
  signal: (draft, text) => void (draft.signals = signalSet(text)),
  status: (draft, text) => void (draft.status = wordSet(text, 'status', STATUSES)),
  'trace-fds': (draft, text) => void (draft.fds = descriptorSet(text)),
  read: (draft, text) => void (draft.dumpRead = descriptorSet(text)),
  write: (draft, text) => void (draft.dumpWrite = descriptorSet(text)),
  inject: (draft, text) => inject(draft, text, 'inject'),
  fault: (draft, text) => inject(draft, text, 'fault'),
  quiet: (draft, text) => draft.setQuiet(text),
  'decode-fds': (draft, text) => draft.setDescriptors(text),
  'decode-pids': (draft, text) => draft.setProcesses(text),
  kvm: (_draft, text) => {
    throw fault(text === 'vcpu' ? '-e kvm/--kvm is not available' : `invalid -e kvm= argument: '${text}'`)
  },
}

const ALIASES: Readonly<Record<string, string>> = {
  t: 'trace',
  a: 'abbrev',
  v: 'verbose',
  x: 'raw',
  s: 'signal',
  signals: 'signal',
  'trace-fd': 'trace-fds',
  fd: 'trace-fds',
  fds: 'trace-fds',
  r: 'read',
  reads: 'read',
  w: 'write',
  writes: 'write',
  q: 'quiet',
  silent: 'quiet',
  silence: 'quiet',
  'decode-fd': 'decode-fds',
  'decode-pid': 'decode-pids',
}

function inject(draft: Draft, text: string, what: 'inject' | 'fault'): void {
  const found = injection(text, what)
  const warning = retvalWarning(found)
  if (warning !== undefined) draft.warn(warning)
  draft.injections.push(found)
}

export function qualify(draft: Draft, expression: string): void {
  const equals = expression.indexOf('=')
  const name = equals < 0 ? '' : expression.slice(0, equals)
  const qualifier = QUALIFIERS[ALIASES[name] ?? name]
  if (qualifier) qualifier(draft, expression.slice(equals + 1))
  else draft.trace = callSet(expression)
}
