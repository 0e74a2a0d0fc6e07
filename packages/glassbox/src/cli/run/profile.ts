/** The profile that `--profile` names: one that comes with glassbox, or a file. */
import { existsSync } from 'node:fs'
import { InvalidOptionError } from '../../errors.ts'
import type { Profile } from '../../job/options.ts'
import { loadProfile } from '../../job/profiles/load.ts'
import { readProfile } from '../../job/profiles/profile.ts'
import { PROFILES } from '../../job/profiles/shipped.ts'
import { nearest } from '../../suggest.ts'

/** A word with a slash or a dot names a file; names of profiles have neither. */
const isFileName = (text: string): boolean => /[/.]/.test(text)

/** A name takes precedence over a file of the same name, which can be written as `./build`. */
export async function profileNamed(text: string): Promise<Profile> {
  if (Object.hasOwn(PROFILES, text)) return readProfile(text, 'profile')
  if (isFileName(text) || existsSync(text)) return loadProfile(text)
  const names = Object.keys(PROFILES)
  const guess = nearest(text, names)
  throw new InvalidOptionError(
    '--profile',
    `--profile: there is neither a profile nor a file called ${text}.`,
    guess === undefined ? `The profiles are ${names.join(', ')}.` : `Did you mean ${guess}?`,
  )
}
