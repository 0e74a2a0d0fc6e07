/**
 * Arguments as values for programs where a request, a command or a protocol says what they are:
 * each is an object or a list, with the names that text has.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { struct } from '#glassbox/codec/struct.js'
import { entryValues, exitValues } from '#glassbox/decode/values.js'
import type { Value } from '#glassbox/decode/types.js'
import * as linux from '#glassbox/linux/constants.js'
import { REQUEST_ARGUMENTS, SELECTED_ARGUMENTS } from '#glassbox/linux/generated/selections.js'
import { isPointing } from '#glassbox/linux/schema/kinds.js'
import { layoutOf, type StructName } from '#glassbox/linux/schema/layouts.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { Piece } from '../codec/support/memory.js'

const AT = 0x10000n
const MEMORY_BYTES = 131_072
const empty = (): Piece => new Piece(new Uint8Array(MEMORY_BYTES), AT)

interface Ended {
  readonly value?: bigint
  readonly failed?: boolean
  readonly protocol?: number
}

/** The arguments of a call that ended so. */
function valuesOf(
  name: string,
  args: readonly bigint[],
  memory: Piece,
  { value = 0n, failed = false, protocol }: Ended = {},
): Readonly<Record<string, Value>> {
  const call = { nr: syscallNumber(name), args: [...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6) }
  const netlink = (): number | undefined => protocol
  const before = entryValues(call, memory, 4096, netlink)
  return exitValues(call, before, { value, failed }, memory, 4096, netlink)
}

/** Memory that begins with these structs. */
function holding(...parts: readonly (readonly [name: StructName, at: number, value: object])[]): Piece {
  const memory = empty()
  for (const [name, at, value] of parts) struct(name).write(new DataView(memory.bytes.buffer), at, value)
  return memory
}

const isAddressOnly = (value: Value | undefined): boolean =>
  value === undefined || typeof value === 'number' || typeof value === 'bigint'

/** Arguments that are pointers to one number. */
const isToNumber = (kind: { readonly type: string; readonly to?: { readonly type: string } }): boolean =>
  kind.type === 'pointer' && !['struct', 'tuple', 'chars'].includes(kind.to?.type ?? '')

test('what follows each request of ioctl(2) is a value, and never an address alone', () => {
  const memory = empty()
  let count = 0
  for (const [number, kindsOf] of Object.entries(REQUEST_ARGUMENTS))
    for (const kind of kindsOf()) {
      if (!isPointing(kind) || isToNumber(kind)) continue
      const { argp } = valuesOf('ioctl', [3n, BigInt(number), AT], memory)
      assert.ok(!isAddressOnly(argp), `0x${Number(number).toString(16)} ${kind.notation}`)
      count++
    }
  assert.ok(count > 150, `${count} requests`)
})

test('the arguments that bpf(2) and other commands select are values', () => {
  const memory = empty()
  let count = 0
  for (const [name, { by, selected }] of Object.entries(SELECTED_ARGUMENTS))
    for (const [value, list] of selected()) {
      const args = [AT, AT, AT, AT, AT, AT].map((at, index) => (index === by ? BigInt(value) : at))
      if (name === 'bpf') args[2] = 128n
      for (const [index, kind] of list) {
        if (!isPointing(kind) || isToNumber(kind)) continue
        const values = Object.values(valuesOf(name, args, memory))
        assert.ok(!isAddressOnly(values[index]), `${name} ${value} ${kind.notation}`)
        count++
      }
    }
  assert.ok(count > 45, `${count} arguments`)
})

test('a struct of bpf(2): what its size leaves out is missing, names are names', () => {
  const memory = holding(['bpf_map_create', 0, { map_type: 2, key_size: 4, value_size: 8, max_entries: 16 }])
  const create = valuesOf('bpf', [BigInt(linux.BPF_MAP_CREATE), AT, 16n], memory)
  assert.deepEqual(create['attr'], {
    map_type: 'BPF_MAP_TYPE_ARRAY',
    key_size: 4,
    value_size: 8,
    max_entries: 16,
  })
  const info = holding(['bpf_info', 0, { bpf_fd: 3, info_len: 80, info: 0x7000 }])
  const answer = valuesOf('bpf', [BigInt(linux.BPF_OBJ_GET_INFO_BY_FD), AT, 16n], info)
  assert.deepEqual(answer['attr'], { info: { bpf_fd: 3, info_len: 80, info: 0x7000 } })
})

test('a field that another one selects is there only then', () => {
  const { size } = layoutOf('v4l2_format')
  const memory = holding(['v4l2_format', 0, { type: 1, 'fmt.pix': { width: 640, height: 480 } }])
  const { argp } = valuesOf('ioctl', [3n, BigInt(linux.VIDIOC_S_FMT), AT], memory, {
    value: -22n,
    failed: true,
  })
  assert.ok(size > 200)
  const value = argp as Record<string, Record<string, Value>>
  assert.equal(value['type'], 'V4L2_BUF_TYPE_VIDEO_CAPTURE')
  assert.equal(value['fmt.pix']?.['width'], 640)
  assert.deepEqual(Object.keys(value), ['type', 'fmt.pix'])
})

test('what the kernel fills in is added once the call has succeeded', () => {
  const memory = holding(['gpioline_after', 0, { name: 'led', consumer: 'me' }])
  const args = [3n, BigInt(linux.GPIO_GET_LINEINFO_IOCTL), AT]
  assert.deepEqual(valuesOf('ioctl', args, memory, { value: -5n, failed: true })['argp'], { line_offset: 0 })
  assert.deepEqual(valuesOf('ioctl', args, memory)['argp'], {
    line_offset: 0,
    flags: [],
    name: 'led',
    consumer: 'me',
  })
})

test('lists behind pointers in a struct, and what cannot be read of them', () => {
  const memory = holding(['unimapdesc', 0, { entry_ct: 2, entries: 0x10100 }])
  memory.bytes.set([65, 0, 1, 0, 66, 0, 2, 0], 0x100)
  const args = [3n, BigInt(linux.PIO_UNIMAP), AT]
  const pairs = [
    { unicode: 65, fontpos: 1 },
    { unicode: 66, fontpos: 2 },
  ]
  assert.deepEqual(valuesOf('ioctl', args, memory)['argp'], { entry_ct: 2, entries: pairs })
  const away = holding(['unimapdesc', 0, { entry_ct: 2, entries: 0x7000_0000_0000 }])
  assert.deepEqual(valuesOf('ioctl', args, away)['argp'], { entry_ct: 2, entries: 0x7000_0000_0000 })
})

test('values of socket options are structs and lists', () => {
  const linger = holding(['option_linger', 0, { l_onoff: 1, l_linger: 5 }])
  const set = [3n, BigInt(linux.SOL_SOCKET), BigInt(linux.SO_LINGER), AT, 8n]
  assert.deepEqual(valuesOf('setsockopt', set, linger)['optval'], { l_onoff: 1, l_linger: 5 })
  const owner = holding(['option_ucred', 0, { pid: 7, uid: 1000, gid: 100 }])
  owner.bytes[0x100] = 12
  const get = [3n, BigInt(linux.SOL_SOCKET), BigInt(linux.SO_PEERCRED), AT, AT + 0x100n]
  assert.deepEqual(valuesOf('getsockopt', get, owner)['optval'], { pid: 7, uid: 1000, gid: 100 })
  const groups = empty()
  groups.bytes.set([1, 0, 0, 0, 9, 0, 0, 0], 0)
  groups.bytes[0x100] = 8
  assert.deepEqual(valuesOf('getsockopt', [3n, 270n, 9n, AT, AT + 0x100n], groups)['optval'], [1, 9])
})

test('a set of keys is a list of their names', () => {
  const memory = empty()
  memory.bytes[0] = 0b110
  // EVIOCGKEY(8)
  const args = [3n, 0x80084518n, AT]
  const names = valuesOf('ioctl', args, memory, { value: 8n })['argp']
  assert.deepEqual(names, ['KEY_ESC', 'KEY_1'])
})

/** A message of NETLINK_ROUTE that asks for a link, with its name as an attribute. */
function linkMessage(): Piece {
  const memory = holding(
    ['nlmsghdr', 0, { nlmsg_len: 40, nlmsg_type: linux.RTM_GETLINK, nlmsg_flags: 0x301, nlmsg_seq: 5 }],
    ['ifinfomsg', 16, { ifi_index: 2 }],
    ['nlattr', 32, { nla_len: 7, nla_type: linux.IFLA_IFNAME }],
  )
  memory.bytes.set(Buffer.from('lo\0'), 36)
  return memory
}

test('messages of netlink are a list of heads, payloads and attributes', () => {
  const args = [3n, AT, 40n, 0n, 0n, 0n]
  const [message] = valuesOf('sendto', args, linkMessage(), { protocol: linux.NETLINK_ROUTE })[
    'buf'
  ] as readonly Record<string, Value>[]
  assert.equal(message?.['nlmsg_type'], 'RTM_GETLINK')
  assert.deepEqual(message?.['nlmsg_flags'], ['NLM_F_REQUEST', 'NLM_F_DUMP'])
  assert.equal((message?.['payload'] as Record<string, Value> | undefined)?.['ifi_index'], 2)
  assert.deepEqual(message?.['attributes'], [{ nla_type: 'IFLA_IFNAME', value: 'lo' }])
})

test('the control: a socket that is not of netlink sends bytes', () => {
  const { buf } = valuesOf('sendto', [3n, AT, 40n, 0n, 0n, 0n], linkMessage())
  assert.ok(buf instanceof Uint8Array)
})

test('a message or an attribute that says to be empty, or larger than all memory, ends the list', () => {
  for (const length of [0, 3, 0xffffffff]) {
    const memory = linkMessage()
    new DataView(memory.bytes.buffer).setUint32(0, length, true)
    const { buf } = valuesOf('sendto', [3n, AT, 40n], memory, { protocol: linux.NETLINK_ROUTE })
    assert.equal((buf as readonly Value[]).length, 1)
  }
})
