/**
 * Loads policies from files: JSON (see schema/policy.schema.json), or a JavaScript or TypeScript
 * module whose default export is a policy. Errors name the file, and the line or the key.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InvalidOptionError } from '../errors.ts'
import { ANSWER, DECISION } from './action-kinds.ts'
import { validatePolicy } from './check.ts'
import { policyFromJson } from './files/from-json.ts'
import type { Json, JsonText } from './files/json.ts'
import { pathWithLine } from './files/module-line.ts'
import { type FileKind, inFile, readJsonFile, realPathOf, withKey } from './files/json-file.ts'
import type { DecideCall, Policy, PresetName, Rule } from './policy.ts'

/** The option of errors about a file. */
const OPTION = 'file'
const TYPESCRIPT = ['.ts', '.mts', '.cts']
const MODULES = ['.js', '.mjs', '.cjs', ...TYPESCRIPT]
const KIND: FileKind = { what: 'policy', option: OPTION }

const fault = (message: string, hint?: string, cause?: unknown): InvalidOptionError =>
  new InvalidOptionError(OPTION, message, hint, cause)

/** Whether a text of `extends` names a file. Names of presets have neither slash nor dot. */
const isFileName = (text: string): boolean => text.includes('/') || extname(text) !== ''

/**
 * Loads a policy, with the files that it extends, and checks it. `within` are the files that
 * extend this one.
 */
async function load(path: string, within: readonly string[]): Promise<Policy> {
  const file = realPathOf(path, KIND)
  if (within.includes(file))
    throw fault(`${path} extends itself, by ${[...within, file].join(' → ')}.`, 'Break the cycle.')
  if (MODULES.includes(extname(file))) return loadModule(path, file)
  return loadJson(path, file, [...within, file])
}

async function loadJson(path: string, file: string, within: readonly string[]): Promise<Policy> {
  const text = readJsonFile(path, file, KIND)
  const bases = new Map<string, Policy>()
  for (const name of fileNamesOf(text.value)) bases.set(name, await loadBase(name, path, text, within))
  const convert = (one: Json): unknown =>
    typeof one === 'string' ? (bases.get(one) ?? one) : policyFromJson(one, convert)
  try {
    return validatePolicy(policyFromJson(text.value, convert))
  } catch (error) {
    throw inFile(path, text, error, OPTION)
  }
}

/** The files that a policy extends, at any depth. */
function fileNamesOf(value: Json): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const { extends: bases = [] } = value
  return [bases].flat().flatMap(base => {
    if (typeof base !== 'string') return fileNamesOf(base)
    return isFileName(base) ? [base] : []
  })
}

async function loadBase(
  name: string,
  from: string,
  text: JsonText,
  within: readonly string[],
): Promise<Policy> {
  const path = resolve(dirname(from), name)
  if (existsSync(path)) return load(path, within)
  throw fault(`${from}:${text.lineOf('policy.extends')}: there is no policy file ${name}.`)
}

async function loadModule(path: string, file: string): Promise<Policy> {
  const { default: policy } = await importModule(path, file)
  if (policy === undefined)
    throw fault(`${path} has no default export.`, 'For example: export default { extends: "default" }.')
  try {
    return withNamedHandlers(validatePolicy(policy), path)
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error
    throw fault(`${path}: ${withKey(error)}`, error.hint)
  }
}

/** The same policy. If a handler of it fails, the error says which one, and in which file. */
function withNamedHandlers(policy: Policy, path: string, key = 'policy'): Policy {
  const { rules, extends: bases } = policy
  const named = (base: Policy | PresetName): Policy | PresetName =>
    typeof base === 'string' ? base : withNamedHandlers(base, path, `${key}.extends`)
  return {
    ...policy,
    ...(bases === undefined ? {} : { extends: [bases].flat().map(named) }),
    ...(rules
      ? { rules: rules.map((rule, index) => withNamedHandler(rule, path, `${key}.rules[${index}]`)) }
      : {}),
  }
}

function withNamedHandler(rule: Rule, path: string, key: string): Rule {
  const { action } = rule
  if (action.kind !== 'decide') return rule
  const handler: DecideCall = async call => {
    try {
      return DECISION.read(await action.handler(call), ANSWER)
    } catch (error) {
      const why = firstLine(error instanceof Error ? error.message : String(error))
      throw fault(
        `${path}: ${key}.action.handler failed: ${why.replace(/\.$/, '')}.`,
        'The program was ended: a call that nobody decides is not made.',
        error,
      )
    }
  }
  return { ...rule, action: { ...action, handler } }
}

type Module = Readonly<Record<string, unknown>>

async function importModule(path: string, file: string): Promise<Module> {
  const own = createRequire(import.meta.url)
  const importing = own('../policy/import-module.cjs') as (url: string) => Promise<Module>
  try {
    return await settled(importing(pathToFileURL(file).href))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && TYPESCRIPT.includes(extname(file)))
      throw fault(
        `${path}: this version of Node, ${process.version}, cannot load TypeScript.`,
        'Use Node 22.18 or newer, or write the policy in JavaScript or JSON.',
      )
    const why = firstLine(message ?? String(error))
    throw fault(`${pathWithLine(path, file, error)} cannot be loaded: ${why}.`, undefined, error)
  }
}

/**
 * The same promise. It rejects if the process would end because nothing can settle it any more:
 * with a module that awaits for ever, the process would end as if all were well.
 */
async function settled<Value>(promise: Promise<Value>): Promise<Value> {
  const { promise: never, reject } = withReject<Value>()
  const idle = (): void => reject(new Error('it waits for something that never happens'))
  process.once('beforeExit', idle)
  try {
    return await Promise.race([promise, never])
  } finally {
    process.off('beforeExit', idle)
  }
}

function withReject<Value>(): { promise: Promise<Value>; reject: (error: Error) => void } {
  let reject!: (error: Error) => void
  const promise = new Promise<Value>((_, rejects) => (reject = rejects))
  return { promise, reject }
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''

/**
 * Loads a policy from a file. A name that ends in `.js`, `.mjs`, `.cjs`, `.ts`, `.mts` or `.cts`
 * is a module, which is executed; everything else is JSON. In JSON, `extends` may name files too,
 * relative to the file. Rejects with InvalidOptionError, whose message names file and line.
 *
 * @example
 * const policy = await loadPolicy('judge.json')
 * await run('./solution', [], { policy })
 */
export const loadPolicy = async (path: string): Promise<Policy> => load(path, [])
