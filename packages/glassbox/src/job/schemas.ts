/**
 * What each call takes, as one table each: run(), openBox(), box.run(), createPool(), pool.run().
 * An option of another call is refused with the call that it belongs to.
 */
import type { RecordKind } from '../options/kind.ts'
import { type Fields, record } from '../options/record.ts'
import { BOX_FIELDS } from './box-options.ts'
import { COMMAND_FIELDS } from './command-options.ts'
import type { BoxOptions, CommandOptions } from './options.ts'

const PROGRAM_FIRST =
  "The program is the first argument, its arguments the second: run('ls', ['-l'], options)."

/** Names that people bring from elsewhere, and that are no option under another name. */
const ADVICE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['cmd', 'command', 'program', 'exec', 'executable', 'args', 'arguments', 'argv', 'entrypoint'].map(
      word => [word, PROGRAM_FIRST],
    ),
  ),
  shell: "There is no shell in between. Run one: run('sh', ['-c', 'echo hi | wc -l']).",
  stdio: 'Say stdin, stdout and stderr, each by its name.',
  user: 'The box chooses the user of its programs.',
  uid: 'The box chooses the user of its programs.',
  gid: 'The box chooses the user of its programs.',
  extendEnv: 'Nothing of the environment is passed on by itself: env: { ...process.env }.',
  reject: 'A program that fails is no error: see ok, status and exitCode of the result.',
  detached: 'Everything that a program starts ends with it.',
  killSignal: 'A program is ended by SIGKILL.',
  onStdout: 'Listen to handle.events(), or give a stream as stdout.',
  onStderr: 'Listen to handle.events(), or give a stream as stderr.',
  readonly: 'Only the working directory, /tmp and binds with writable: true can be written.',
  image: 'A box shows the system directories of the host; there are no images.',
}

const without = <T extends object>(fields: T, ...names: readonly string[]): T =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name))) as T

/** The same advice for each option of a table, unless the call takes it. */
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

/** A call, and an example of it. Its advice has no word for what it takes itself. */
function call<T extends object>(
  name: string,
  example: string,
  fields: Fields<T>,
  advice: Readonly<Record<string, string>>,
  required: readonly (keyof T & string)[] = [],
): RecordKind<T> {
  const own = new Set(Object.keys(fields))
  return record<T>({
    fields,
    required,
    lacks: `${name}() has no option`,
    expected: 'an object',
    hint: () => `For example ${example}.`,
    advice: Object.fromEntries(Object.entries({ ...ADVICE, ...advice }).filter(([word]) => !own.has(word))),
  })
}

const LIMITED = '{ limits: { cpuTimeMs: 1000 } }'

/** `pool` is taken out before: it decides which table applies. */
export const RUN: RecordKind<BoxOptions & CommandOptions> = call(
  'run',
  `run('ls', ['-l'], ${LIMITED})`,
  { ...BOX_FIELDS, ...COMMAND_FIELDS },
  { size: 'It is an option of createPool().' },
)

export const OPEN_BOX: RecordKind<BoxOptions> = call(
  'openBox',
  "openBox({ net: 'host' })",
  BOX_FIELDS as Fields<BoxOptions>,
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

/** createPool() takes those of a box, and its own. */
export function poolSchema<T extends object>(
  own: Fields<Omit<T, keyof BoxOptions>>,
  required: readonly (keyof T & string)[],
): RecordKind<T> {
  const fields = { ...own, ...without(BOX_FIELDS, 'files', 'signal') } as unknown as Fields<T>
  const advice = {
    ...ofCommand('pool.run'),
    files: 'Give files to each pool.run(): a program finds an empty box.',
    signal: 'Give a signal to each pool.run(); close() ends the pool.',
  }
  return call('createPool', 'createPool({ size: 2 })', fields, advice, required)
}
