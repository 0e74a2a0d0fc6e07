import type { Sink } from './sink.ts'
export class JsonSink implements Sink { constructor(..._args: readonly unknown[]) {} end(): void {} }
