/** Loads the outputs that were asked for, and only those. */
import type { Output } from './output.ts'
import { ProcessIds } from '../select/process-ids.ts'
import type { TraceSettings } from '../options.ts'
import type { Sink } from './sink.ts'
import { Interfaces } from '../text/interfaces.ts'
import { Spellings } from '../text/spelling.ts'
import { TextSink } from '../text/text.ts'
import type { Stacks } from '../text/stacks.ts'
import type { TraceeState } from '../tracee-state.ts'

export async function makeSinks(
  options: TraceSettings,
  output: Output,
  states: ReadonlyMap<number, TraceeState>,
  parts: {
    readonly stacks: Stacks | undefined
    readonly onError: (name: string, error: unknown) => void
  },
): Promise<readonly Sink[]> {
  const sinks: Sink[] = []
  const { spelling, summary, perfetto } = options
  const { stacks, onError } = parts
  const names = spelling.comm
    ? new (await import('../text/process-names.ts')).ProcessNames(states)
    : undefined
  if (names) sinks.push(names)
  if (options.text || options.json) {
    const descriptors =
      spelling.descriptors.length > 0
        ? new (await import('../text/descriptors.ts')).Descriptors(spelling.descriptors)
        : undefined
    if (descriptors) sinks.push(descriptors)
    const ids = spelling.comm || spelling.pidns ? new ProcessIds(names, spelling.pidns) : undefined
    if (ids) sinks.push(ids)
    const interfaces = new Interfaces()
    sinks.push(interfaces)
    const spellings = new Spellings(spelling, {
      interfaceName: index => interfaces.name(index),
      netlink: fd => interfaces.netlink(fd),
      ...(descriptors && {
        descriptor: fd => descriptors.text(fd),
        descriptorOf: (pid, fd) => descriptors.textOf(pid, fd),
        processOf: pidfd => descriptors.processOf(pidfd),
      }),
      ...(ids && { process: (id, type) => ids.text(id, type) }),
    })
    if (options.text) {
      const comm = names && ((state: TraceeState) => names.of(state))
      sinks.push(new TextSink(options, output, { spellings, comm, stacks, tracees: () => states.size }))
    } else
      sinks.push(new (await import('../formats/json.ts')).JsonSink(options, output, { spellings, stacks }))
  }
  if (perfetto) sinks.push(new (await import('../formats/perfetto.ts')).PerfettoSink(perfetto, onError))
  if (options.tree) sinks.push(new (await import('../formats/tree.ts')).TreeSink(output))
  if (options.stats) sinks.push(new (await import('../summary/stats.ts')).StatsSink(output))
  if (summary) sinks.push(new (await import('../summary/summary.ts')).SummarySink(summary, output))
  return sinks
}
