/**
 * Socket addresses of families that few programs use. Sources: vsock(7), the kernel's headers
 * linux/if_alg.h, linux/if_xdp.h, linux/mctp.h, linux/nfc.h, linux/qrtr.h, linux/rxrpc.h and
 * linux/x25.h. Pure.
 */
import { struct } from '../../codec/struct.ts'
import * as linux from '../../linux/constants.ts'
import { offsetOf } from '../../linux/schema/layouts.ts'
import { bytesOf } from '../memory.ts'
import { setText } from '../names.ts'
import { charArray, hex, quote } from '../text.ts'
import type { TextOptions } from '../types.ts'
import { ax25Text } from './amateur-radio.ts'
import { bluetoothText } from './bluetooth.ts'
import { bytesBeforeScope, family, type FamilyText, ipv4Text, ipv6Text, members } from './internet.ts'
import { hardwareAddress, interfaceText, networkNumber, octet, swapped } from './order.ts'

/** Numbers that are printed with their name beside them. */
const both = (options: TextOptions): TextOptions => ({
  ...options,
  spelling: options.spelling === 'raw' ? 'raw' : 'verbose',
})

const inHex = (bytes: readonly number[]): string => quote(Uint8Array.from(bytes), false, 'all')

const ipxText = family('sockaddr_ipx', (fields, options) =>
  members(
    `sipx_port=${networkNumber(fields.sipx_port, 2, options)}`,
    `sipx_network=htonl(${hex(swapped(BigInt(fields.sipx_network), 4))})`,
    `sipx_node=[${fields.sipx_node.map(octet).join(', ')}]`,
    `sipx_type=${octet(fields.sipx_type)}`,
    fields.sipx_zero === 0 ? undefined : `sipx_zero=${hex(fields.sipx_zero)}`,
  ),
)

const x25Text = family('sockaddr_x25', ({ sx25_addr: digits }, { stringsInHex }) =>
  members(`sx25_addr={x25_addr=${charArray(Uint8Array.from(digits), stringsInHex)}}`),
)

/** The address of the transport, of which the kernel takes those of the internet. */
function transportText(length: number, view: DataView, options: TextOptions): string {
  const codec = struct('sockaddr')
  const data = offsetOf('sockaddr', 'sa_data')
  const { sa_family: number } = codec.read(view)
  const name = setText('=af', BigInt(number), options)
  const rest = bytesOf(view, data, Math.max(0, Math.min(length, view.byteLength) - data))
  const bytes = rest.length === 0 ? '' : `, ${quote(rest, false, options.stringsInHex)}`
  const part = (size: number): DataView => new DataView(view.buffer, view.byteOffset, size)
  if (number === linux.AF_INET) {
    const text = length < struct('sockaddr_in').size ? bytes : (ipv4Text(view, options) ?? '')
    return `sin={sin_family=${name}${text}}`
  }
  if (number === linux.AF_INET6) {
    const least = bytesBeforeScope()
    const whole = part(length > least ? struct('sockaddr_in6').size : least)
    return `sin6={sin6_family=${name}${length < least ? bytes : (ipv6Text(whole, options) ?? '')}}`
  }
  return `family=${name}${bytes}`
}

const rxrpcText = family('sockaddr_rxrpc', (fields, options, view) => {
  const at = view.byteOffset + offsetOf('sockaddr_rxrpc', 'family')
  const transport = new DataView(view.buffer, at, view.byteOffset + view.byteLength - at)
  return members(
    `srx_service=${setText('=rxrpc_service', BigInt(fields.srx_service), both(options))}`,
    `transport_type=${setText('=sock_type', BigInt(fields.transport_type), options)}`,
    `transport_len=${fields.transport_len}`,
    `transport={${transportText(fields.transport_len, transport, options)}}`,
  )
})

const wirelessText = family('sockaddr_ieee802154', (fields, options) => {
  const { addr_type: type, pan_id: network, hwaddr } = fields
  const verbose = both(options)
  const [low = 0, high = 0] = hwaddr
  const short = `short_addr=${setText('=wpan_short', BigInt(low | (high << 8)), verbose)}`
  const long = `hwaddr=${hardwareAddress(hwaddr, options)}`
  const parts = members(
    `pan_id=${setText('=wpan_pan', BigInt(network), verbose)}`,
    type === linux.IEEE802154_ADDR_NONE ? undefined : type === linux.IEEE802154_ADDR_SHORT ? short : long,
  )
  return `, addr={addr_type=${setText('=wpan_type', BigInt(type), verbose)}${parts}}`
})

const algorithmText = family(
  'sockaddr_alg',
  (fields, options) =>
    members(
      `salg_type=${charArray(Uint8Array.from(fields.salg_type), options.stringsInHex)}`,
      `salg_feat=${setText('|alg_flags', BigInt(fields.salg_feat), both(options))}`,
      `salg_mask=${setText('|alg_flags', BigInt(fields.salg_mask), both(options))}`,
      `salg_name=${charArray(fields.salg_name, options.stringsInHex)}`,
    ),
  () => struct('sockaddr_alg').size + 1,
)

function serviceText(view: DataView, options: TextOptions): string | undefined {
  const codec = struct('sockaddr_nfc_llcp')
  if (view.byteLength < codec.size) return view.byteLength > struct('sockaddr_nfc').size ? ', ...' : undefined
  const { dsap, ssap, service_name: name, service_name_len: length } = codec.read(view)
  const bytes = Uint8Array.from(name)
  const shown = bytes.subarray(0, Math.min(bytes.length, Number(length)))
  return members(
    `dsap=${setText('=nfc_sap', BigInt(dsap), both(options))}`,
    `ssap=${setText('=nfc_sap', BigInt(ssap), both(options))}`,
    `service_name=${quote(shown, false, options.stringsInHex)}`,
    `service_name_len=${BigInt.asUintN(64, BigInt(length))}`,
  )
}

const nearFieldText = family('sockaddr_nfc', (fields, options, view) => {
  const head = members(
    `dev_idx=${interfaceText(fields.dev_idx, options)}`,
    `target_idx=${hex(fields.target_idx)}`,
    `nfc_protocol=${setText('=nfc_protocol', BigInt(fields.nfc_protocol), options)}`,
  )
  return `${head}${serviceText(view, options) ?? ''}`
})

const machineText = family('sockaddr_vm', (fields, options) =>
  members(
    fields.svm_reserved1 === 0 ? undefined : `svm_reserved1=${hex(fields.svm_reserved1)}`,
    `svm_cid=${setText('=vsock_cid', BigInt(fields.svm_cid), options)}`,
    `svm_port=${setText('=vsock_port', BigInt(fields.svm_port), options)}`,
    `svm_flags=${setText('|vsock_flags', BigInt(fields.svm_flags), options)}`,
    fields.svm_zero.every(byte => byte === 0) ? undefined : `svm_zero=${inHex(fields.svm_zero)}`,
  ),
)

const routerText = family('sockaddr_qrtr', ({ sq_node: node, sq_port: port }, options) =>
  members(
    `sq_node=${setText('=qrtr_node', BigInt(node), options)}`,
    `sq_port=${setText('=qrtr_port', BigInt(port), options)}`,
  ),
)

const expressText = family('sockaddr_xdp', (fields, options) => {
  const { sxdp_flags: flags, sxdp_shared_umem_fd: fd } = fields
  const shared = `sxdp_shared_umem_fd=${fd}${options.descriptor?.(fd) ?? ''}`
  const stray = fd === 0 ? undefined : `sxdp_shared_umem_fd=${hex(fd >>> 0)}`
  return members(
    `sxdp_flags=${setText('|xdp_flags', BigInt(flags), options)}`,
    `sxdp_ifindex=${interfaceText(fields.sxdp_ifindex, options)}`,
    `sxdp_queue_id=${fields.sxdp_queue_id}`,
    (flags & linux.XDP_SHARED_UMEM) === 0 ? stray : shared,
  )
})

const managementText = family('sockaddr_mctp', (fields, options) =>
  members(
    fields.smctp_pad0 === 0 ? undefined : `__smctp_pad0=${hex(fields.smctp_pad0)}`,
    `smctp_network=${setText('=mctp_net', BigInt(fields.smctp_network), options)}`,
    `smctp_addr={s_addr=${setText('=mctp_address', BigInt(fields.s_addr), options)}}`,
    `smctp_type=${hex(fields.smctp_type)}`,
    `smctp_tag=${hex(fields.smctp_tag)}`,
    fields.smctp_pad1 === 0 ? undefined : `__smctp_pad1=${hex(fields.smctp_pad1)}`,
  ),
)

export const SELDOM_FAMILIES: Readonly<Record<number, FamilyText>> = {
  [linux.AF_AX25]: ax25Text,
  [linux.AF_IPX]: ipxText,
  [linux.AF_X25]: x25Text,
  [linux.AF_BLUETOOTH]: bluetoothText,
  [linux.AF_RXRPC]: rxrpcText,
  [linux.AF_IEEE802154]: wirelessText,
  [linux.AF_ALG]: algorithmText,
  [linux.AF_NFC]: nearFieldText,
  [linux.AF_VSOCK]: machineText,
  [linux.AF_QIPCRTR]: routerText,
  [linux.AF_XDP]: expressText,
  [linux.AF_MCTP]: managementText,
}
