/**
 * Loads profiles from JSON files (see schema/profile.schema.json). A profile can extend one that
 * comes with glassbox, or another file. Paths in a file are relative to the file. Errors name the
 * file and the line.
 */
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { InvalidOptionError } from '../../errors.ts'
import { policyFromJson } from '../../policy/files/from-json.ts'
import { type FileKind, inFile, readJsonFile, realPathOf } from '../../policy/files/json-file.ts'
import type { Json, JsonText } from '../../policy/files/json.ts'
import { loadPolicy } from '../../policy/load.ts'
import { PRESETS } from '../../policy/presets/presets.ts'
import { nearest } from '../../suggest.ts'
import type { Profile } from '../options.ts'
import { noProfile } from './kinds.ts'
import { readProfile } from './profile.ts'
import { PROFILES } from './shipped.ts'

const KIND: FileKind = { what: 'profile', option: 'file' }

type JsonObject = { readonly [key: string]: Json }

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Relative sources become absolute ones. Anything malformed is left to the check. */
function bindsFrom(binds: Json, directory: string): Json {
  if (!Array.isArray(binds)) return binds
  return binds.map(bind => {
    if (!isObject(bind) || typeof bind['source'] !== 'string') return bind
    return { ...bind, source: resolve(directory, bind['source']) }
  })
}

const presetOrPolicy = (value: Json): unknown => policyFromJson(value, presetOrPolicy)

/** Text is the name of a preset, or a file. */
const policyFrom = async (policy: Json, directory: string): Promise<unknown> =>
  typeof policy === 'string' && !Object.hasOwn(PRESETS, policy)
    ? loadPolicy(resolve(directory, policy))
    : presetOrPolicy(policy)

/** The profile that a file extends. */
async function baseOf(
  name: Json,
  { path, text, within }: { path: string; text: JsonText; within: readonly string[] },
): Promise<unknown> {
  if (typeof name !== 'string' || Object.hasOwn(PROFILES, name)) return name
  const file = resolve(dirname(path), name)
  if (existsSync(file)) return load(file, within)
  const error = noProfile('profile.extends', name, nearest(name, Object.keys(PROFILES)))
  throw inFile(path, text, error, KIND.option)
}

async function load(path: string, within: readonly string[]): Promise<Profile> {
  const file = realPathOf(path, KIND)
  if (within.includes(file)) {
    const message = `${path} extends itself, by ${[...within, file].join(' → ')}.`
    throw new InvalidOptionError(KIND.option, message, 'Break the cycle.')
  }
  const text = readJsonFile(path, file, KIND)
  const read = isObject(text.value)
    ? await resolved(text.value, { path, text, within: [...within, file] })
    : text.value
  try {
    return readProfile(read, KIND.what)
  } catch (error) {
    throw inFile(path, text, error, KIND.option)
  }
}

/** The keys of a file with what they refer to. */
async function resolved(
  value: JsonObject,
  place: { path: string; text: JsonText; within: readonly string[] },
): Promise<Readonly<Record<string, unknown>>> {
  const { $schema: _, ...keys } = value
  const directory = dirname(resolve(place.path))
  const { extends: base, binds, policy } = keys
  return {
    ...keys,
    ...(base === undefined ? {} : { extends: await baseOf(base, place) }),
    ...(binds === undefined ? {} : { binds: bindsFrom(binds, directory) }),
    ...(policy === undefined ? {} : { policy: await policyFrom(policy, directory) }),
  }
}

/**
 * Loads a profile from a JSON file, with all that it extends. Rejects with InvalidOptionError,
 * whose message names file and line.
 *
 * @example
 * const profile = await loadProfile('ci.json')
 * await run('npm', ['test'], { profile })
 */
export const loadProfile = async (path: string): Promise<Profile> => load(path, [])
