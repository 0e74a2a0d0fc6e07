/** Which handlers a trace gets: strace's text, or one of the forms that strace does not have. Each is loaded only when it is asked for. */
import type { TraceHandlers } from '../tracer/types.ts'
import type { StraceOptions } from './options.ts'
import type { Output } from './output.ts'

export interface Outcome {
  readonly handlers: TraceHandlers
  /** Writes what stands after the trace. */
  finish(): void
}

/** `stop` lets all threads go on untraced. */
export async function straceHandlers(
  options: StraceOptions,
  output: Output,
  stop: () => void,
): Promise<Outcome> {
  if (options.json) {
    const { JsonLines } = await import('./json.ts')
    const lines = new JsonLines(options, output)
    return { handlers: lines.handlers(), finish: () => {} }
  }
  if (options.perfetto !== undefined) {
    const { Timeline } = await import('./perfetto.ts')
    const timeline = new Timeline(options, options.perfetto)
    return { handlers: timeline.handlers(), finish: () => timeline.close() }
  }
  const { Printer } = await import('./printer.ts')
  const printer = new Printer(options, output, stop)
  return { handlers: printer.handlers(), finish: () => output.write(0, printer.summaryText()) }
}
