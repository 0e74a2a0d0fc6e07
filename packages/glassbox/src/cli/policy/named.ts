/** The policy that a word of the command line names: a preset, or a file. */
import { existsSync } from 'node:fs'
import { InvalidOptionError } from '../../errors.ts'
import { loadPolicy } from '../../policy/load.ts'
import type { Policy, PresetName } from '../../policy/policy.ts'
import { PRESETS } from '../../policy/presets/presets.ts'
import { nearest } from '../../suggest.ts'

/** A word with a slash or a dot names a file; names of presets have neither. */
const isFileName = (text: string): boolean => /[/.]/.test(text)

/**
 * `option` is the name of the option in errors. A preset takes precedence over a file of the same
 * name, which can be written as `./node`.
 */
export async function policyNamed(text: string, option: string): Promise<Policy | PresetName> {
  if (Object.hasOwn(PRESETS, text)) return text as PresetName
  if (isFileName(text) || existsSync(text)) return loadPolicy(text)
  const names = Object.keys(PRESETS)
  const guess = nearest(text, names)
  throw new InvalidOptionError(
    option,
    `${option}: there is neither a preset nor a file called ${text === '' ? '""' : text}.`,
    guess === undefined ? `The presets are ${names.join(', ')}.` : `Did you mean ${guess}?`,
  )
}
