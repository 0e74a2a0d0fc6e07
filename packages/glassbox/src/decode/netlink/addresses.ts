/** Addresses and interfaces in netlink messages. */
import { AF_INET, AF_INET6 } from '../../linux/constants.ts'
import { ipv4Address, ipv6Address, interfaceText as numbered } from '../network/order.ts'
import { bytesOf } from '../memory.ts'
import { address } from '../text.ts'
import { hexText, type Range, type Walk, viewOf } from './walk.ts'

const BYTES: Readonly<Record<number, number>> = { [AF_INET]: 4, [AF_INET6]: 16 }

export const interfaceText = (index: bigint, { context }: Walk): string => {
  const number = Number(BigInt.asUintN(32, index))
  return number === 0 ? '0' : numbered(number, context.options)
}

/** An address of a family; bytes if the family is another one, or if there are too few. */
export function inetText(range: Range, walk: Walk, family: number): string {
  const size = BYTES[family]
  if (size === undefined || range.length < size) return hexText(walk, range)
  const view = viewOf(walk, range.at, size)
  if (!view) return address(range.at)
  const { options } = walk.context
  return family === AF_INET ? ipv4Address(bytesOf(view), options) : ipv6Address(bytesOf(view), options)
}
