/** Parts of structs that need more than a shape. */
import type { Context } from '../context.ts'
import type { KindText } from '../basic/structs.ts'
import { bytesOf } from '../memory.ts'
import { interfaceText, ipv4Address, ipv6Address } from '../network/socket.ts'
import { named } from '../names.ts'
import { quote } from '../text.ts'
import type { TextOptions } from '../types.ts'

type PartText = (view: DataView, offset: number, context: Context, valueText: KindText) => string

const AF_INET = 2
const AF_INET6 = 10
const AF_SMC = 43

/** An address of sixteen bytes, by the family that the whole struct begins with. */
function inetAddress(name: string, view: DataView, offset: number, { options }: Context): string {
  const family = view.getUint8(0)
  const bytes = quote(bytesOf(view, offset, 16), false, 'all')
  if (family !== AF_INET6)
    return `${name}=${family === AF_INET || family === AF_SMC ? named(bytes, call4(view, offset, options), options) : bytes}`
  const call = ipv6Address(view, offset, options)
  // In the shortest notation, the macro call itself names the member that it fills.
  return (options.spelling ?? 'abbrev') === 'abbrev' ? call.replace(/\)$/, `, &${name})`) : `${name}=${call}`
}

const call4 = (view: DataView, offset: number, options: TextOptions): string =>
  ipv4Address(view, offset, { ...options, spelling: 'abbrev' })

const portText = (name: string, view: DataView, offset: number, options: TextOptions): string =>
  `${name}=${named(quote(bytesOf(view, offset, 2), false, 'all'), `htons(${view.getUint16(offset)})`, options)}`

/** struct inet_diag_sockid */
const socketId: PartText = (view, offset, context) => {
  const { options } = context
  const index = view.getUint32(offset + 36, true)
  const parts = [
    portText('idiag_sport', view, offset, options),
    portText('idiag_dport', view, offset + 2, options),
    inetAddress('idiag_src', view, offset + 4, context),
    inetAddress('idiag_dst', view, offset + 20, context),
    `idiag_if=${index === 0 ? '0' : interfaceText(index, options)}`,
    `idiag_cookie=[${view.getUint32(offset + 40, true)}, ${view.getUint32(offset + 44, true)}]`,
  ]
  return `{${parts.join(', ')}}`
}

export const PARTS: Readonly<Record<string, PartText>> = { sockid: socketId }
