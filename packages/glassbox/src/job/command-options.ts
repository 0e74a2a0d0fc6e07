/**
 * The options of one command, as a table: kinds, bounds, defaults, and their names in other tools.
 */
import { isInstance, kind, type Kind, unexpected } from '../options/kind.ts'
import { dictionary, type Fields } from '../options/record.ts'
import { InvalidOptionError } from '../errors.ts'
import type { Policy, PresetName } from '../policy/policy.ts'
import { resolvePolicy } from '../policy/resolve.ts'
import { PROGRAM_TRACE } from '../trace/check.ts'
import { DEFAULT_COLLECT_BYTES, DEFAULT_ENV } from './box-layout.ts'
import { ABSOLUTE, SIGNAL } from './box-options.ts'
import { COLLECT, MAX_BYTES } from './file-kinds.ts'
import { DEFAULT_LIMITS, LIMITS } from './limits.ts'
import type { CommandOptions } from './options.ts'
import { ERROR_OUTPUT, INPUT, OUTPUT } from './stream-kinds.ts'

/** The longest argument of execve(2), in bytes without its NUL (MAX_ARG_STRLEN - 1). */
const LONGEST_WORD = 131_071

function checkLength(path: string, word: string): void {
  const bytes = Buffer.byteLength(word)
  if (bytes <= LONGEST_WORD) return
  throw new InvalidOptionError(
    path,
    `${path} has ${bytes} bytes; the kernel takes at most ${LONGEST_WORD} in one argument or variable.`,
    'Pass it through stdin or a file.',
  )
}

const asText = (value: unknown): string | undefined =>
  typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? `Write it as text: '${value}'.`
    : undefined

/** An argument of a program, or the value of a variable. */
export const ARGUMENT: Kind<string> = {
  expected: 'text without a NUL byte',
  read: (value, path) => {
    if (typeof value !== 'string' || value.includes('\0'))
      throw unexpected(path, ARGUMENT.expected, value, asText(value))
    checkLength(path, value)
    return value
  },
}

const ENV = dictionary<string>({
  expected: 'an object of variables by their names',
  of: ARGUMENT,
  name: (name, path) => {
    if (name !== '' && !/[=\0]/.test(name)) return
    throw new InvalidOptionError(
      path,
      `Not the name of an environment variable: ${JSON.stringify(name)}.`,
      'A name is not empty, and contains neither "=" nor a NUL byte.',
    )
  },
  hint: value =>
    isInstance(value, Map)
      ? 'Use Object.fromEntries(map).'
      : "For example { PATH: '/usr/bin', LANG: 'C.UTF-8' }.",
})

/** It reads a ResolvedPolicy; see `JobTerms`. */
const POLICY: Kind<Policy | PresetName | null> = {
  expected: 'a policy, the name of a preset, or null for no filter',
  read: (value, path) => (value === null ? null : (resolvePolicy(value, path) as Policy)),
}

const ENCODING = kind<'utf8' | 'buffer'>(
  "'utf8' or 'buffer'",
  value => value === 'utf8' || value === 'buffer',
  value =>
    typeof value === 'string' && /^utf-?8$|^text$|^string$/i.test(value)
      ? "Text is 'utf8', the default."
      : "Use 'buffer' and decode the bytes yourself.",
)

/** The option `profile` is in the table of each call: see schemas.ts. */
export const COMMAND_FIELDS: Fields<Omit<CommandOptions, 'profile'>> = {
  limits: {
    kind: LIMITS,
    default: DEFAULT_LIMITS,
    words: ['limit', 'resources', 'resourceLimits', 'ulimits', 'rlimits'],
  },
  stdin: { kind: INPUT, words: ['input', 'inputFile', 'in'] },
  stdout: { kind: OUTPUT, default: 'capture', words: ['out', 'outputFile'] },
  stderr: { kind: ERROR_OUTPUT, default: 'capture', words: ['err', 'error'] },
  encoding: { kind: ENCODING, default: 'utf8', words: ['buffer', 'charset'] },
  cwd: {
    kind: ABSOLUTE,
    words: ['workdir', 'workingDir', 'workingDirectory', 'chdir', 'dir', 'directory', 'pwd'],
  },
  env: {
    kind: ENV,
    default: DEFAULT_ENV,
    words: ['environment', 'environ', 'envs', 'envVars', 'variables', 'vars', 'setenv'],
  },
  policy: {
    kind: POLICY,
    words: ['seccomp', 'syscalls', 'deny', 'allow', 'rules', 'seccompProfile', 'capabilities'],
  },
  trace: { kind: PROGRAM_TRACE, words: ['strace', 'tracing', 'ptrace'] },
  collect: {
    kind: COLLECT,
    default: Object.freeze([]),
    words: ['copyOut', 'outputs', 'outputFiles', 'artifacts', 'download', 'outFiles', 'results'],
  },
  collectBytes: {
    kind: MAX_BYTES,
    default: DEFAULT_COLLECT_BYTES,
    words: ['copyOutMax', 'collectLimit', 'maxCollect', 'collectSize'],
  },
  signal: { kind: SIGNAL, words: ['abort', 'abortSignal', 'cancelSignal', 'cancel', 'controller'] },
}
