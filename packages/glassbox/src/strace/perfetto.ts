import type { Sink } from './sink.ts'
export class PerfettoSink implements Sink { constructor(..._args: readonly unknown[]) {} end(): void {} }
