/**
 * `glassbox policy learn`: runs a program, watches it, and prints the smallest policy that lets it
 * do the same again.
 */
import { realpathSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { GlassboxError, InvalidOptionError } from '../../errors.ts'
import { validatePolicy } from '../../policy/check.ts'
import { printable } from '../../printable.ts'
import { watch, type Learned } from '../learn-trace.ts'
import { DEFAULT_ENV } from '../../job/box-layout.ts'
import { parseOptions } from '../options.ts'
import { stderr, stdout } from '../output.ts'
import { learnedPolicy } from './learn/generalize.ts'
import { parseEnv } from '../run/environment.ts'
import { policyFileText } from './json.ts'
import { LEARN_OPTIONS } from './options.ts'
import type { Subcommand } from './subcommand.ts'

function filesOf(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new InvalidOptionError('--files', `--files: expected a whole number, got ${text}.`)
  return text === '0' ? Infinity : Number(text)
}

/** What the reader of the policy should know about the run. */
function notes({ exitCode, signal, data }: Learned): string[] {
  const end = signal === undefined ? `exited with ${exitCode}` : `was killed by ${signal}`
  return [
    ...(exitCode === 0 ? [] : [`The program ${end}; the policy has what it did until then.`]),
    ...(data.foreign ? ['The program made calls of another ABI, which no policy allows.'] : []),
  ]
}

function write(file: string | undefined, text: string): void {
  if (file === undefined) {
    stdout.write(text)
    return
  }
  try {
    writeFileSync(file, text)
  } catch (error) {
    const { code, path = file } = error as NodeJS.ErrnoException
    throw new GlassboxError('ERR_GLASSBOX_FILE', `Cannot write the policy ${file}: ${code}.`, {
      path,
      cause: error,
    })
  }
}

async function main(words: readonly string[]): Promise<number> {
  const { rest, lastOf, values } = parseOptions('policy learn', LEARN_OPTIONS, words)
  const [program, ...args] = rest
  if (program === undefined) {
    throw new InvalidOptionError(
      'PROGRAM',
      'No program was given.',
      'For example: glassbox policy learn -- python3 script.py',
    )
  }
  const files = filesOf(lastOf('--files') ?? '8')
  const output = lastOf('--output')
  // Without a file, stdout has the policy and nothing else.
  const work = realpathSync('.')
  const set = Object.fromEntries((values.get('--env') ?? []).map(parseEnv))
  const env = { ...DEFAULT_ENV, HOME: work, ...set }
  const learned = await watch(program, args, { env, stdout: output === undefined ? stderr.fd : stdout.fd })
  const isNamed = work !== '/' && args.some(word => word.includes(`${work}/`))
  const policy = learnedPolicy(learned.data, basename(program), { work, isNamed, files })
  write(output, policyFileText(validatePolicy(policy)))
  for (const note of notes(learned)) stderr.write(`glassbox: ${printable(note)}\n`)
  return 0
}

export const LEARN: Subcommand = {
  usage: '[--output FILE] [--files N] [--env NAME=VALUE] [--] PROGRAM [ARGUMENT ...]',
  summary: 'Run a program without a box, and print the smallest policy that lets it do the same again.',
  examples: [
    'glassbox policy learn --output sort.json -- sort /etc/passwd',
    'glassbox run --runner ptrace --policy sort.json -- sort /etc/passwd',
  ],
  options: LEARN_OPTIONS,
  main,
}
