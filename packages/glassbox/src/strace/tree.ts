import type { Sink } from './sink.ts'
export class TreeSink implements Sink { constructor(..._args: readonly unknown[]) {} end(): void {} }
