/**
 * Packet mode of a master: TIOCPKT of ioctl_tty(2). Each read begins with a byte that is 0 before
 * data, or says what has happened on the other side. Values and rules only.
 */
import { IXON, VSTART, VSTOP } from '../../../linux/constants.ts'
import type { Settings } from './settings.ts'

/** TIOCPKT_*: what the byte says. */
export const NEWS = {
  data: 0,
  flushRead: 1,
  flushWrite: 2,
  stop: 4,
  start: 8,
  noStop: 16,
  doStop: 32,
} as const

/** Of these pairs the later one holds. */
const OPPOSITES = [NEWS.stop | NEWS.start, NEWS.noStop | NEWS.doStop]

/** What is told when `added` is new, one of NEWS. */
export function withNews(news: number, added: number): number {
  const opposite = OPPOSITES.find(pair => (pair & added) !== 0) ?? 0
  return (news & ~opposite) | added
}

const CTRL_Q = 17
const CTRL_S = 19

/** Whether ^S and ^Q stop and start the output: then the other side may do it by itself. */
const isUsual = ({ input, characters }: Settings): boolean =>
  (input & IXON) !== 0 && characters[VSTOP] === CTRL_S && characters[VSTART] === CTRL_Q

/** What a change of settings tells; 0: nothing. */
export function newsOfChange(before: Settings, now: Settings): number {
  if (isUsual(before) === isUsual(now)) return 0
  return isUsual(now) ? NEWS.doStop : NEWS.noStop
}
