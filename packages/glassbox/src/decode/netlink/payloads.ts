/** The payload of a message: a struct by protocol and type, with attributes after it. */
import { struct } from '../../codec/struct.ts'
import * as linux from '../../linux/constants.ts'
import { shapeOf } from '../../linux/shapes.ts'
import { named, nameIn, setText } from '../names.ts'
import { swapped } from '../network/order.ts'
import { address } from '../text.ts'
import { attributesText } from './attributes.ts'
import { after, aligned, hexText, type Range, structOf, structTextAt, type Walk } from './walk.ts'

interface Message {
  readonly type: number
}

/** The struct, and the table of the attributes after it. */
export type Form = readonly [shape: string, attributes?: string]

/** By what a type of NETLINK_ROUTE is about: RTM_NEWLINK, RTM_DELLINK, … */
const ROUTE: Readonly<Record<string, Form>> = {
  LINK: ['ifinfomsg', 'link'],
  ADDR: ['ifaddrmsg', 'addr'],
  MULTICAST: ['ifaddrmsg', 'addr'],
  ANYCAST: ['ifaddrmsg', 'addr'],
  ROUTE: ['rtmsg', 'route'],
  NEIGH: ['ndmsg', 'neigh'],
  RULE: ['fib_rule_hdr', 'rule'],
  QDISC: ['tcmsg', 'tc'],
  TCLASS: ['tcmsg', 'tc'],
  TFILTER: ['tcmsg', 'tc'],
  CHAIN: ['tcmsg', 'tc'],
  ADDRLABEL: ['ifaddrlblmsg', 'addrlabel'],
  DCB: ['dcbmsg', 'dcb'],
  ACTION: ['tcamsg', 'tc_actions'],
  STATS: ['if_stats_msg', 'link_stats'],
  NEXTHOP: ['nhmsg', 'nexthop'],
  NEIGHTBL: ['ndtmsg', 'neightbl'],
  NETCONF: ['netconfmsg', 'netconf'],
  MDB: ['br_port_msg', 'mdb'],
  NSID: ['rtgenmsg', 'nsid'],
  CACHEREPORT: ['rtgenmsg', 'bytes'],
}

function routeForm(type: number, family: number): Form | undefined {
  const name = nameIn('rt_type', BigInt(type)) ?? ''
  const what = name.replace(/^RTM_(NEW|DEL|GET|SET)/, '')
  if (name === 'RTM_GETNEIGH' && family === linux.AF_BRIDGE) return ROUTE['LINK']
  return ROUTE[what]
}

/** By family of the socket that is asked about: the request, and the answer. */
const DIAG: Readonly<Record<number, readonly [request: Form, answer: Form]>> = {
  [linux.AF_UNIX]: [['unix_diag_req'], ['unix_diag_msg', 'unix']],
  [linux.AF_INET]: [
    ['inet_diag_req_v2', 'inet_req'],
    ['inet_diag_msg', 'inet_diag'],
  ],
  [linux.AF_INET6]: [
    ['inet_diag_req_v2', 'inet_req'],
    ['inet_diag_msg', 'inet_diag'],
  ],
  [linux.AF_NETLINK]: [['netlink_diag_req'], ['netlink_diag_msg', 'netlink']],
  [linux.AF_PACKET]: [['packet_diag_req'], ['packet_diag_msg', 'packet']],
  [linux.AF_SMC]: [['smc_diag_req'], ['smc_diag_msg', 'smc']],
}

const isCompatible = (type: number): boolean => type === 18 || type === 19

/** What is told of a family that has no struct of its own. */
function familyText(family: number, range: Range, walk: Walk): string {
  const name = setText('=af', BigInt(family), walk.context.options)
  const rest = after(range, 1)
  return `{family=${name}${rest.length > 0 ? `, data=${hexText(walk, rest)}` : ''}}`
}

function formText([name, table]: Form, family: number, range: Range, walk: Walk): string {
  const shape = shapeOf(name)
  if (!shape) return hexText(walk, range)
  const inner = { ...walk, family }
  if (range.length < shape.size) {
    const [first, second] = shape.fields
    const more = second ? ', ...' : ''
    return `{${first?.name}=${setText('=af', BigInt(family), walk.context.options)}${more}}`
  }
  const text = structTextAt(shape, range.at, walk)
  if (text === undefined) {
    const [first] = shape.fields
    return `{${first?.name}=${setText('=af', BigInt(family), walk.context.options)}, ${address(range.at + 1n)}}`
  }
  const rest = after(range, aligned(shape.size))
  if (table === undefined || rest.length === 0) return text
  return `${text}, ${table === 'bytes' ? hexText(walk, rest) : attributesText(rest, inner, table)}`
}

const FIRST_OF_PROTOCOL = linux.NLMSG_MIN_TYPE

/** The family is the first byte. */
const withFamily =
  (form: (type: number, family: number, walk: Walk) => Form | undefined) =>
  (message: Message, range: Range, walk: Walk): string | undefined => {
    if (message.type < FIRST_OF_PROTOCOL) return undefined
    const family = structOf(walk, range.at, 'rtgenmsg')?.rtgen_family
    if (family === undefined) return address(range.at)
    const found = form(message.type, family, walk)
    return found ? formText(found, family, range, walk) : familyText(family, range, walk)
  }

/** A message with NLM_F_REQUEST asks, any other one answers. */
const diagForm = (type: number, family: number, { flags }: Walk): Form | undefined => {
  const forms = DIAG[family]
  if (!forms) return undefined
  if (!(flags & linux.NLM_F_REQUEST)) return forms[1]
  return isCompatible(type) && (family === linux.AF_INET || family === linux.AF_INET6)
    ? ['inet_diag_req', 'inet_req']
    : forms[0]
}

const NFTABLES = linux.NFNL_SUBSYS_NFTABLES

function netfilter({ type }: Message, range: Range, walk: Walk): string | undefined {
  if (type < FIRST_OF_PROTOCOL) return undefined
  const { size } = struct('nfgenmsg')
  if (range.length < size) return hexText(walk, range)
  const fields = structOf(walk, range.at, 'nfgenmsg')
  if (!fields) return address(range.at)
  const { options } = walk.context
  const asStored = fields.res_id
  const inOrder = Number(swapped(BigInt(asStored), 2))
  const isTables = type >> 8 === NFTABLES
  const resource =
    isTables && inOrder === NFTABLES
      ? named(`0x${asStored.toString(16)}`, 'htons(NFNL_SUBSYS_NFTABLES)', options)
      : isTables && asStored === NFTABLES
        ? named(`0x${asStored.toString(16)}`, 'NFNL_SUBSYS_NFTABLES', options)
        : `htons(${inOrder})`
  const family = setText('=af', BigInt(fields.nfgen_family), options)
  const version = setText('=nf_version', BigInt(fields.version), options)
  const head = `{nfgen_family=${family}, version=${version}, res_id=${resource}}`
  const rest = after(range, size)
  if (rest.length === 0) return head
  const isBatch = nameIn('nf_batch', BigInt(type)) !== undefined
  return `${head}, ${isBatch ? hexText(walk, rest) : attributesText(rest, walk, 'none')}`
}

/** Types of a protocol whose payload is one struct. */
const plain =
  (set: string, forms: Readonly<Record<string, Form>>) =>
  ({ type }: Message, range: Range, walk: Walk): string | undefined => {
    const form = forms[nameIn(set, BigInt(type)) ?? '']
    const shape = form && shapeOf(form[0])
    if (!form || !shape || range.length < shape.size) return undefined
    const text = structTextAt(shape, range.at, walk)
    if (text === undefined) return address(range.at)
    const rest = after(range, aligned(shape.size))
    return form[1] === undefined || rest.length === 0
      ? text
      : `${text}, ${attributesText(rest, walk, form[1])}`
  }

const CRYPTO: Form = ['crypto_user_alg', 'none']
const SELINUX: Readonly<Record<string, Form>> = {
  SELNL_MSG_SETENFORCE: ['selnl_setenforce'],
  SELNL_MSG_POLICYLOAD: ['selnl_policyload'],
}
const CRYPTO_FORMS: Readonly<Record<string, Form>> = {
  CRYPTO_MSG_NEWALG: CRYPTO,
  CRYPTO_MSG_DELALG: CRYPTO,
  CRYPTO_MSG_UPDATEALG: CRYPTO,
  CRYPTO_MSG_GETALG: CRYPTO,
}

const PROTOCOLS: Readonly<
  Record<number, (message: Message, range: Range, walk: Walk) => string | undefined>
> = {
  [linux.NETLINK_ROUTE]: withFamily(routeForm),
  [linux.NETLINK_SOCK_DIAG]: withFamily(diagForm),
  [linux.NETLINK_SELINUX]: plain('nl_selinux', SELINUX),
  [linux.NETLINK_NETFILTER]: netfilter,
  [linux.NETLINK_CRYPTO]: plain('nl_crypto', CRYPTO_FORMS),
}

/** `undefined`: nothing is known of it. */
export const payloadOf = (message: Message, range: Range, walk: Walk): string | undefined =>
  PROTOCOLS[walk.protocol]?.(message, range, walk)

/** The struct of a payload whose first byte is `family`; `undefined` if the type has none. */
export function formOf(type: number, family: number, walk: Walk): Form | undefined {
  switch (walk.protocol) {
    case linux.NETLINK_ROUTE:
      return routeForm(type, family)
    case linux.NETLINK_SOCK_DIAG:
      return diagForm(type, family, walk)
    case linux.NETLINK_NETFILTER:
      return ['nfgenmsg', 'none']
    case linux.NETLINK_SELINUX:
      return SELINUX[nameIn('nl_selinux', BigInt(type)) ?? '']
    case linux.NETLINK_CRYPTO:
      return CRYPTO_FORMS[nameIn('nl_crypto', BigInt(type)) ?? '']
    default:
      return undefined
  }
}
