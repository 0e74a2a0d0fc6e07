/** Offers ptrace as a source of traces to the strace command. It has no state. */
import type { TraceSource } from '../trace/source.ts'
import { DAEMONIZER } from './start/daemonize.ts'
import { traceSync } from './trace-sync.ts'

export const PTRACE_SOURCE: TraceSource = { traceSync, daemonizer: DAEMONIZER }
