/**
 * One table of options for each call: run(), openBox(), box.run(), createPool(), pool.run(). If an
 * option belongs to another call, the error names that call.
 */
import { type Field, guarded, type RecordKind } from '../options/kind.ts'
import { type Fields, isPlain, record } from '../options/record.ts'
import { BOX_FIELDS } from './box-options.ts'
import { COMMAND_FIELDS } from './command-options.ts'
import type { BoxOptions, CommandOptions } from './options.ts'
import { readProfile, withProfile } from './profiles/profile.ts'

const PROGRAM_FIRST =
  "The program is the first argument, its arguments the second: run('ls', ['-l'], options)."

/** Hints for option names of other tools that have no equivalent here. */
const ADVICE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['cmd', 'command', 'program', 'exec', 'executable', 'args', 'arguments', 'argv', 'entrypoint'].map(
      word => [word, PROGRAM_FIRST],
    ),
  ),
  shell: "No shell is involved. To use one, run it: run('sh', ['-c', 'echo hi | wc -l']).",
  stdio: 'Use the options stdin, stdout and stderr.',
  user: 'The box chooses the user of its programs.',
  uid: 'The box chooses the user of its programs.',
  gid: 'The box chooses the user of its programs.',
  extendEnv: 'The environment is not inherited. To pass it on, use env: { ...process.env }.',
  reject: 'A failing program is not an error: see ok, status and exitCode of the result.',
  detached: 'Everything that a program starts ends with it.',
  killSignal: 'A program is ended by SIGKILL.',
  onStdout: 'Listen to handle.events(), or give a stream as stdout.',
  onStderr: 'Listen to handle.events(), or give a stream as stderr.',
  readonly: 'Only the working directory, /tmp, /dev/shm and binds with writable: true can be written.',
  image: 'A box shows the system directories of the host; there are no images.',
}

const without = <T extends object>(fields: T, ...names: readonly string[]): T =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name))) as T

/** A hint for each option of a table that belongs to another call. */
const elsewhere = (fields: object, sentence: (name: string) => string): Record<string, string> =>
  Object.fromEntries(Object.keys(fields).map(name => [name, sentence(name)]))

const ofBox = elsewhere(
  BOX_FIELDS,
  name => `${name} is fixed when the box is opened: openBox({ ${name}: … }).`,
)
const ofPool = elsewhere(
  BOX_FIELDS,
  name => `${name} is fixed when the pool is created: createPool({ ${name}: … }).`,
)
const ofCommand = (run: string): Record<string, string> =>
  elsewhere(COMMAND_FIELDS, name => `${name} belongs to each command: ${run}(program, args, { ${name}: … }).`)

/** For the names of a table. Its value is read before the table: see `withProfile`. */
const PROFILE: Field<unknown> = {
  kind: { expected: 'the name of a profile, or a profile', read: (value, path) => readProfile(value, path) },
  words: ['template', 'settings', 'optionSet'],
}

/** Without one, nothing about profiles is loaded. */
const hasProfile = (options: unknown): boolean =>
  isPlain(options) && guarded('options', () => Object.hasOwn(options, 'profile'))

/** The table of one call. Hints for options that the call itself takes are left out. */
function call<T extends object>(
  name: string,
  example: string,
  given: Fields<Omit<T, 'profile'>>,
  advice: Readonly<Record<string, string>>,
  required: readonly (keyof T & string)[] = [],
): RecordKind<T> {
  const fields = { ...given, profile: PROFILE } as unknown as Fields<T>
  const own = new Set(Object.keys(fields))
  const table = record<T>({
    fields,
    required,
    lacks: `${name}() has no option`,
    expected: 'an object',
    hint: () => `For example ${example}.`,
    advice: Object.fromEntries(Object.entries({ ...ADVICE, ...advice }).filter(([word]) => !own.has(word))),
  })
  return {
    ...table,
    read: (value, path) => table.read(hasProfile(value) ? withProfile(value, table) : value, path),
  }
}

const LIMITED = '{ limits: { cpuTimeMs: 1000 } }'

/** The options of run() without `pool`, which decides which table applies and is read first. */
export const RUN: RecordKind<BoxOptions & CommandOptions> = call(
  'run',
  `run('ls', ['-l'], ${LIMITED})`,
  { ...BOX_FIELDS, ...COMMAND_FIELDS },
  { size: 'It is an option of createPool().' },
)

export const OPEN_BOX: RecordKind<BoxOptions> = call(
  'openBox',
  "openBox({ net: 'host' })",
  BOX_FIELDS as Fields<Omit<BoxOptions, 'profile'>>,
  ofCommand('box.run'),
)

export const BOX_RUN: RecordKind<CommandOptions> = call(
  'box.run',
  `box.run('ls', ['-l'], ${LIMITED})`,
  COMMAND_FIELDS,
  ofBox,
)

export const POOL_RUN: RecordKind<CommandOptions & Pick<BoxOptions, 'files'>> = call(
  'pool.run',
  `pool.run('ls', ['-l'], ${LIMITED})`,
  { ...COMMAND_FIELDS, files: BOX_FIELDS.files },
  ofPool,
)

/** The options of createPool(): those of a box except `files` and `signal`, and its own. */
export function poolSchema<T extends object>(
  own: Fields<Omit<T, keyof BoxOptions>>,
  required: readonly (keyof T & string)[],
): RecordKind<T> {
  const fields = { ...own, ...without(BOX_FIELDS, 'files', 'signal') } as unknown as Fields<
    Omit<T, 'profile'>
  >
  const advice = {
    ...ofCommand('pool.run'),
    files: 'Pass files to each pool.run(): every program finds an empty box.',
    signal: 'Pass a signal to each pool.run(); close() ends the pool.',
  }
  return call('createPool', 'createPool({ size: 2 })', fields, advice, required)
}
