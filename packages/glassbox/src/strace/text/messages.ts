/** The command's own messages, always on stderr: `strace: Process 12 attached`. */
import { printable } from '../../printable.ts'
import { writeAll } from '../output/writer.ts'

/**
 * `through`: prints the message in order among the lines of the trace, which also goes to stderr.
 */
export function say(message: string, through?: (text: string) => void): void {
  const text = `strace: ${printable(message)}\n`
  if (through) {
    through(text)
    return
  }
  try {
    writeAll(2, Buffer.from(text))
  } catch {
    // The reader is gone.
  }
}
