/** ptrace as a source of traces, for the strace command. */
import type { TraceSource } from '../trace/source.ts'
import { DAEMONIZER } from './start/daemonize.ts'
import { traceSync } from './trace-sync.ts'

export const PTRACE_SOURCE: TraceSource = { traceSync, daemonize: DAEMONIZER }
