/**
 * What the command says of itself, always on stderr: `strace: Process 12
 * attached`.
 */
import { printable } from '../../printable.ts'
import { writeAll } from '../output/writer.ts'

/** `through`: the trace goes to stderr too, and this is to be in its place there. */
export function say(message: string, through?: (text: string) => void): void {
  const text = `strace: ${printable(message)}\n`
  if (through) {
    through(text)
    return
  }
  try {
    writeAll(2, Buffer.from(text))
  } catch {
    // There is no reader any more.
  }
}
