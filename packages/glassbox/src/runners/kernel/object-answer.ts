/**
 * From the value of a handler to an answer for the kernel thread: shapes and sizes are checked
 * here, so that the kernel can rely on them. What is wrong is thrown, and told as the handler's
 * error.
 */
import type { ObjectAnswer, ObjectEntry, ObjectRequest } from '../../kernel/fs/object/answers.ts'
import { MOST_FILE_BYTES } from '../../kernel/fs/object/file-system.ts'
import { ERRNO } from '../../linux/errno.ts'
import { EFBIG, ENOENT } from '../../linux/errno-numbers.ts'

const MOST_NAMES = 65_536
const MOST_NAME_BYTES = 255
const DONE: ObjectAnswer = { error: 0 }
const NOTHING: ObjectAnswer = { error: ENOENT }

/** The errno that an error of a handler means; undefined: it is a fault of the handler. */
export function errnoOf(error: unknown): number | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && Object.hasOwn(ERRNO, code)
    ? ERRNO[code as keyof typeof ERRNO]
    : undefined
}

/** Throws a TypeError if the value is not what the operation answers. */
export function readAnswer(
  operation: ObjectRequest['operation'],
  path: string,
  value: unknown,
): ObjectAnswer {
  if (operation === 'write') return DONE
  if (value === undefined) return NOTHING
  if (operation === 'read') return readContents(value)
  return { error: 0, entries: operation === 'list' ? readNames(value) : [readEntry(path, value)] }
}

function readContents(value: unknown): ObjectAnswer {
  if (typeof value !== 'string' && !(value instanceof Uint8Array))
    throw new TypeError('read() has to answer text, a Uint8Array or undefined.')
  // Not longer in bytes than in characters, so long text is not copied first.
  if (value.length > MOST_FILE_BYTES) return { error: EFBIG }
  // A copy: the caller's array may be a part of a larger one, which would be sent whole.
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : Uint8Array.from(value)
  return bytes.length > MOST_FILE_BYTES ? { error: EFBIG } : { error: 0, bytes }
}

function readNames(value: unknown): ObjectEntry[] {
  if (!Array.isArray(value)) throw new TypeError('list() has to answer a list of names or undefined.')
  if (value.length > MOST_NAMES) throw new TypeError(`list() answered more than ${MOST_NAMES} names.`)
  const entries = new Map<string, ObjectEntry>()
  for (const each of value as readonly unknown[]) {
    const directory = typeof each === 'string' && each.endsWith('/')
    const name = directory ? each.slice(0, -1) : each
    if (typeof name !== 'string' || !isName(name))
      throw new TypeError(`list() answered something that is not a file name: ${JSON.stringify(each)}`)
    entries.set(name, { name, directory, size: 0, mtimeMs: 0 })
  }
  return [...entries.values()]
}

const isName = (name: string): boolean =>
  name !== '' &&
  name !== '.' &&
  name !== '..' &&
  !/[/\0]/.test(name) &&
  !/\p{Surrogate}/u.test(name) &&
  Buffer.byteLength(name) <= MOST_NAME_BYTES

function readEntry(path: string, value: unknown): ObjectEntry {
  const { type, size = 0, mtimeMs = 0 } = (value ?? {}) as Record<string, unknown>
  if (type !== 'file' && type !== 'directory')
    throw new TypeError("stat() has to answer { type: 'file' } or { type: 'directory' } or undefined.")
  if (!isCount(size) || !isTime(mtimeMs)) throw new TypeError('stat() answered a wrong size or mtimeMs.')
  return { name: path, directory: type === 'directory', size: type === 'directory' ? 0 : size, mtimeMs }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER / 1e3
