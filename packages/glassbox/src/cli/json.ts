/** A result as one JSON document: the names of AnyResult; bytes that are not UTF-8 as `{"base64": …}`. */
import type { AnyResult } from '../job/result.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text where the bytes are UTF-8, and nothing is lost where they are not. */
export function textOrBase64(value: string | Uint8Array): string | { base64: string } {
  if (typeof value === 'string') return value
  try {
    return decoder.decode(value)
  } catch {
    return { base64: Buffer.from(value).toString('base64') }
  }
}

export function resultJson(result: AnyResult): string {
  const files = Object.fromEntries(
    Object.entries(result.files).map(([name, { contents, mode }]) => [
      name,
      { contents: textOrBase64(contents), mode },
    ]),
  )
  const document = {
    ...result,
    stdout: textOrBase64(result.stdout),
    stderr: textOrBase64(result.stderr),
    files,
  }
  return `${JSON.stringify(document)}\n`
}
