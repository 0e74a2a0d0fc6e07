/** Signal numbers and names. Source: signal(7), asm/signal.h of x86-64. */
import { SIGNALS } from './generated/signals.ts'

type StandardName = (typeof SIGNALS)[number][0]
/**
 * Real-time signals are counted from the kernel's first, 32: `SIGRTMIN`, `SIGRT_1`, … as strace
 * names them.
 */
export type SignalName = StandardName | 'SIGRTMIN' | `SIGRT_${number}`

const FIRST_REALTIME = 32
const LAST = 64

const NAMES = new Map<number, SignalName>([
  ...SIGNALS.map(([name, number]): [number, SignalName] => [number, name]),
  ...Array.from({ length: LAST - FIRST_REALTIME + 1 }, (_, index): [number, SignalName] => [
    FIRST_REALTIME + index,
    index === 0 ? 'SIGRTMIN' : `SIGRT_${index}`,
  ]),
])

const NUMBERS = new Map([...NAMES].map(([number, name]) => [name, number]))

/**
 * The name of a signal from 1 to 64. Any other number gives its decimal text, typed as a name
 * because it is only printed.
 */
export function signalName(number: number): SignalName {
  return NAMES.get(number) ?? (String(number) as SignalName)
}

export function signalNumber(name: SignalName): number | undefined {
  return NUMBERS.get(name)
}
