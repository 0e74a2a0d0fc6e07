import type { Sink } from './sink.ts'
export class StatsSink implements Sink { constructor(..._args: readonly unknown[]) {} end(): void {} }
