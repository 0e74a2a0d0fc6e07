export type SignalName = string
export const signalName = (n: number): string => `SIG${n}`
