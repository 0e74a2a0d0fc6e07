// The TypeScript types of the arguments of events: what src/decode/plain makes of each kind.
import { parseKind } from './kinds.mjs'

const NAMES = 'Names'
const WORD = 'Word'

/** The value of a word, if it is no number. */
const WORDS = {
  ...Object.fromEntries(
    [
      ...['open_flags', 'map_flags', 'memfd_flags', 'statx_flags', 'shm_flags', 'ipc_flags', 'swap_flags'],
      ...['mount_flags', 'clone_flags', 'kexec_flags', 'fanotify_flags', 'socket_type', 'xsave_features'],
      ...['unaligned', 'modem', 'inode_flags', 'terminal_output', 'terminal_control'],
    ].map(word => [word, NAMES]),
  ),
  device: '{ readonly major: number; readonly minor: number }',
  wait_status: 'WaitStatus',
  personality: `${NAMES} | number`,
  memory_policy: `${NAMES} | Name`,
  io_priority: '{ readonly class: Name; readonly data: number }',
  quota_command: '{ readonly command: Name; readonly type: Name }',
  futex_operation: `${NAMES} | Name`,
  file_system_id: '{ readonly val: readonly number[] }',
  epoll_data: '{ readonly u32: number; readonly u64: Word }',
  ipv4_address: 'string',
  kernel_version: 'string',
  fourcc: 'string',
  character: 'string',
  resource_limit: WORD,
  file_mode: 'number',
  port: 'number',
  time: WORD,
  ticks: WORD,
}
/** Words that have names for some values. */
const NAMED = new Set([
  ...['ipc_command_msg', 'ipc_command_sem', 'ipc_command_shm', 'ipc_key', 'ioctl_request', 'key'],
  ...['request_key', 'syslog_type', 'log_level', 'death_signal', 'ptracer', 'pid_type', 'xsave_feature'],
  ...['bpf_destination', 'bpf_source', 'uring_restriction'],
  ...['ethernet_protocol', 'page_status', 'error', 'socket_error', 'signal_handler'],
])

const BUFFERS = {
  host_name: 'string',
  attribute: 'string',
  key_text: 'string',
  attribute_names: NAMES,
  key_capabilities: NAMES,
  option: 'number | Uint8Array',
  int_option: 'number | Uint8Array',
}

/** Structs of which a value has other fields than the layout. */
const STRUCTS = {
  linux_dirent: 'DirectoryEntry',
  linux_dirent64: 'DirectoryEntry',
  ifreq: '{ readonly ifr_name: string; readonly [part: string]: AnyValue }',
}

/** The value that lies at a place. */
function inPlace(kind) {
  switch (kind.type) {
    case 'int':
      return kind.form === 'address' ? 'Address' : kind.bits === 64 ? WORD : 'number'
    case 'flags':
    case 'signals':
      return NAMES
    case 'enum':
    case 'signal':
      return 'Name'
    case 'word':
      return WORDS[kind.word] ?? (NAMED.has(kind.word) ? 'Name' : kind.bits === 64 ? WORD : 'number')
    case 'struct':
      return STRUCTS[kind.name] ?? `StructArguments['${kind.name}']`
    case 'chars':
      return 'string'
    case 'list':
      return `readonly (${inPlace(kind.of)})[]`
    case 'octets':
      return kind.form === 'uuid' || kind.form === 'mac' ? 'string' : 'Uint8Array'
    case 'tuple':
      return `readonly [${kind.of.map(inPlace).join(', ')}]`
    case 'trailing':
      return valueType(kind.to)
    case 'union':
      return kind.of === 'siginfo' ? 'SignalInformation' : 'AnyValue'
    case 'tail':
      return 'Uint8Array'
    case 'fd':
    case 'id':
    case 'bits':
      return 'number'
    default:
      return WORD
  }
}

const behind = type => `Behind<${type}>`

/** The value of an argument. */
function valueType(kind) {
  switch (kind.type) {
    case 'path':
    case 'string':
      return behind('string')
    case 'strings':
      return behind(`readonly ${behind('string')}[]`)
    case 'buffer':
      return behind(BUFFERS[kind.form] ?? 'Uint8Array')
    case 'pointer': {
      const types = [kind.to, ...(kind.after ? [kind.after] : [])].map(inPlace)
      const whole = types.join(' & ')
      return behind(kind.wrapper === undefined ? whole : `{ readonly ${kind.wrapper}: ${whole} }`)
    }
    case 'array':
      if (kind.count.by === 'capability-version') return behind('CapabilitySets')
      if (kind.count.by === 'constant' && kind.of.type === 'struct')
        return behind(`readonly (${inPlace(kind.of)} | string)[]`)
      return behind(`readonly (${kind.of.type === 'pointer' ? valueType(kind.of) : inPlace(kind.of)})[]`)
    case 'records':
      return behind(`readonly ${STRUCTS[kind.of]}[]`)
    case 'bitset':
      return behind('readonly number[]')
    case 'vectors':
      return behind('readonly Vector[]')
    case 'message':
      return behind(
        kind.count ? 'readonly { readonly msg_hdr: Message; readonly msg_len?: Word }[]' : 'Message',
      )
    case 'sockaddr':
      return behind('SocketAddress')
    case 'netlink':
      return behind('readonly NetlinkMessage[]')
    default:
      return inPlace(kind)
  }
}

/** More types than these say nothing. */
const MOST_TYPES = 6

const property = name => (/^[a-z_]\w*$/i.test(name) ? name : `'${name}'`)

/** The fields of a struct by name with their types. Of several with one name, a struct has one. */
function structMembers(fields) {
  const members = new Map()
  for (const { name, kind } of fields) {
    if (/^_[^_]/.test(name)) continue
    const types = members.get(name) ?? new Set()
    members.set(name, types)
    types.add('way' in kind ? valueType(kind) : inPlace(kind))
  }
  return members
}

const isOutput = kind => kind.way === 'out' || (kind.way === 'inout' && kind.notation !== 'ptr=timespec')

/**
 * The arguments of a call in all its variants: types, whether it always has them, and whether they
 * are there at its entry.
 */
function argumentsOf({ args }, commands, variants, selected) {
  const own = args.map(([arg, kind]) => ({ name: arg, kind: parseKind(kind) }))
  const lists = []
  for (const { show } of variants)
    lists.push(
      show.map(used => ({
        name: used.name ?? own[used.index].name,
        kind: used.kind === undefined ? own[used.index].kind : parseKind(used.kind),
        sometimes: used.when !== undefined,
      })),
    )
  const covers = variants.some(({ when }) => when.length === 0)
  if (commands)
    for (const shape of commands.shapes)
      lists.push([
        ...own.slice(0, commands.start),
        ...shape.flatMap((kind, index) =>
          kind === '-' || !own[commands.start + index]
            ? []
            : [{ name: own[commands.start + index].name, kind: parseKind(kind) }],
        ),
      ])
  for (const kinds of selected)
    lists.push(
      own.flatMap(({ name, kind }, index) => {
        const notations = kinds.filter(([at]) => at === index).map(([, notation]) => notation)
        return (notations.length === 0 ? [kind] : notations.map(parseKind)).map(each => ({
          name,
          kind: each,
        }))
      }),
    )
  if (!covers && !commands?.covers) lists.push(own.filter(({ kind }) => kind.type !== 'unused'))
  const paths = own.filter(({ kind }) => kind.type === 'path')
  const found = new Map()
  for (const list of lists)
    for (const { name: arg, kind, sometimes } of list) {
      const shown = paths.length === 1 && paths[0].name === arg && kind.type === 'path' ? 'path' : arg
      const known = found.get(shown) ?? { types: new Set(), count: 0, inputs: 0 }
      known.types.add(valueType(kind))
      if (!sometimes) known.count++
      if (!sometimes && !isOutput(kind)) known.inputs++
      known.hasInput ||= !isOutput(kind)
      found.set(shown, known)
    }
  return [...found].map(([shown, { types, count, inputs, hasInput }]) => ({
    name: property(shown),
    type: types.size > MOST_TYPES ? 'AnyValue' : [...types].join(' | '),
    optional: count < lists.length,
    inputOptional: inputs < lists.length,
    isInput: hasInput,
  }))
}

const HEAD = `import type { Word } from './struct-values.ts'

export type AnyValue = null | boolean | number | bigint | string | Uint8Array | readonly AnyValue[] | { readonly [name: string]: AnyValue }
/** A name, or the number if it has none. */
export type Name = string | number | bigint
/** Names of flags; bits without a name follow as a number in hexadecimal. */
export type Names = readonly string[]
export type Address = Word | null
/**
 * What a pointer leads to; null for NULL, a number (the address) if it cannot be read or was not
 * written.
 */
export type Behind<T> = T | Address
export type WaitStatus =
  | { readonly exitCode: number }
  | { readonly signal: string; readonly coreDumped: boolean }
  | { readonly stopSignal: string }
  | { readonly continued: true }
export interface DirectoryEntry {
  readonly d_ino: Word
  readonly d_off: Word
  readonly d_reclen: number
  readonly d_type: Name
  readonly d_name: string
}
export interface Vector {
  readonly iov_base: Behind<Uint8Array>
  readonly iov_len: Word
}
export interface SocketAddress {
  readonly sa_family: Name
  readonly [field: string]: AnyValue
}
export interface SignalInformation {
  readonly si_signo?: Name
  readonly si_code?: Name
  readonly [field: string]: AnyValue | undefined
}
/** A message of a netlink socket: its head, the fields of its payload, and its attributes. */
export interface NetlinkMessage {
  readonly nlmsg_len: number
  readonly nlmsg_type: Name
  readonly nlmsg_flags: Names
  readonly nlmsg_seq: number
  readonly nlmsg_pid: number
  readonly payload?: AnyValue
  readonly attributes?: readonly NetlinkAttribute[]
}
export interface NetlinkAttribute {
  readonly nla_type: Name
  readonly value: AnyValue
}
export interface CapabilitySets {
  readonly effective: readonly Name[]
  readonly permitted: readonly Name[]
  readonly inheritable: readonly Name[]
}
export interface Message {
  readonly msg_name: Behind<SocketAddress>
  readonly msg_namelen: Word
  readonly msg_iov: Behind<readonly Vector[]>
  readonly msg_iovlen: Word
  readonly msg_control?: Behind<readonly AnyValue[]>
  readonly msg_controllen: Word
  readonly msg_flags: Names
}
`

/** The lists of kinds, by the index of their argument, that shapes.txt gives to a call. */
function selectedKinds(call, { requests, calls }) {
  if (call === 'ioctl') return requests.map(([, words]) => words.map(word => [2, word]))
  const { selected = [], others } = calls.get(call) ?? {}
  return [...selected.map(([, kinds]) => kinds), ...(others ? [others] : [])]
}

export function eventTypesFile(calls, structs, commandsByCall, variantsByCall, selections) {
  const structTexts = structs.wide.map(({ name, fields }) => {
    const members = [...structMembers(fields)].map(
      ([field, types]) => `    readonly ${property(field)}?: ${[...types].join(' | ')}\n`,
    )
    return `  readonly ${name}: {\n${members.join('')}  }\n`
  })
  const all = calls.map(call => [
    call.name,
    argumentsOf(
      call,
      commandsByCall.get(call.name),
      variantsByCall.get(call.name) ?? [],
      selectedKinds(call.name, selections),
    ),
  ])
  const inputs = all.map(([name, args]) => {
    const members = args
      .filter(({ isInput }) => isInput)
      .map(arg => `readonly ${arg.name}${arg.inputOptional ? '?' : ''}: ${arg.type}`)
    return `  readonly ${name}: { ${members.join('; ')} }\n`
  })
  const whole = all.map(([name, args]) => {
    const members = args.map(arg => `readonly ${arg.name}${arg.optional ? '?' : ''}: ${arg.type}`)
    return `  readonly ${name}: { ${members.join('; ')} }\n`
  })
  return `${HEAD}
/** Structs as values of arguments. A struct that was given in part has the fields of that part. */
export interface StructArguments {
${structTexts.join('')}}

/** The arguments of each call at its exit. */
export interface CallArguments {
${whole.join('')}}

/** The arguments of each call at its entry: its inputs. */
export interface CallInputs {
${inputs.join('')}}
`
}
