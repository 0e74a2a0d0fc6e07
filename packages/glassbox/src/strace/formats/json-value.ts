/** Converts values of arguments to what JSON can hold. Pure. */
import type { Value } from '../../decode/types.ts'

/** A number if that is exact, else its decimal text. */
export function numberOrText(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}

/** Bytes become text if they are UTF-8, else `{"base64": …}`. */
export function jsonValue(value: Value): unknown {
  if (typeof value === 'bigint') return numberOrText(value)
  if (value instanceof Uint8Array) return bytesValue(value)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return (value as readonly Value[]).map(jsonValue)
  const fields = value as Readonly<Record<string, Value>>
  const shown: Record<string, unknown> = {}
  for (const name of Object.keys(fields)) shown[name] = jsonValue(fields[name] as Value)
  return shown
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function bytesValue(bytes: Uint8Array): unknown {
  try {
    return decoder.decode(bytes)
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}
