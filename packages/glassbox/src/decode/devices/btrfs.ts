/**
 * Requests of btrfs: what is found by inode or by address, searches of its trees, statistics of
 * devices, features. Source: linux/btrfs.h.
 */
import { arrayText } from '../basic/arrays.ts'
import { structAt, structsAt } from '../shapes/struct-text.ts'
import type { Context, KindText } from '../context.ts'
import { readView, readString, readWord } from '../memory.ts'
import { named, nameIn, setText } from '../names.ts'
import { type Members, membersAt } from '../shapes/members.ts'
import { address, quote } from '../text.ts'
import { braces, type Device, isAnswered, replaced } from './device.ts'

type List = (data: Members, context: Context, valueText: KindText) => string

/** What a search has found, behind a pointer of the argument; without -v, without its list. */
function container(
  members: Members,
  field: string,
  context: Context,
  valueText: KindText,
  list: List,
): string {
  const at = members.number(field)
  if (at === 0n) return `${field}=NULL`
  const data = membersAt('btrfs_container', at, context, valueText)
  if (!data) return `${field}=${address(at)}`
  const counts = data.texts('bytes_left', 'bytes_missing', 'elem_cnt', 'elem_missed')
  const values = context.options.full ? `val=${list(data, context, valueText)}` : '...'
  return `${field}=${braces([...counts, values])}`
}

const OFFSET_BYTES = 8

/** Each element is the distance of a string from the list. */
const pathList: List = (data, context) => {
  const start = data.place('val')
  return arrayText(start, data.number('elem_cnt'), OFFSET_BYTES, context, at => {
    const offset = readWord(context.memory, at, 8)
    return offset === undefined ? undefined : pathAt(BigInt.asUintN(64, start + offset), context)
  })
}

const MOST_PATH_BYTES = 4096

function pathAt(at: bigint, { memory, options }: Context): string {
  const read = readString(memory, at, MOST_PATH_BYTES)
  return read ? quote(read.bytes, !read.ended, options.stringsInHex) : address(at)
}

/** Three elements are one reference: inode, offset, root. */
const inodeList: List = (data, context, valueText) =>
  structsAt('btrfs_inode', data.place('val'), data.number('elem_cnt') / 3n, context, valueText)

const paths: Device = replaced(
  'btrfs_ino_path',
  ['inum', 'size', 'fspath'],
  (members, context, valueText) => [container(members, 'fspath', context, valueText, pathList)],
)

const inodes: Device = replaced(
  'btrfs_logical',
  ['logical', 'size', 'reserved', 'flags', 'inodes'],
  (members, context, valueText) => [container(members, 'inodes', context, valueText, inodeList)],
)

/** How many items the search is for, or has found. */
const wanted = (members: Members, context: Context, valueText: KindText): bigint =>
  membersAt('btrfs_search_key', members.place('key'), context, valueText)?.number('nr_items') ?? 0n

/** Heads of what was found, each with as many bytes behind it as it says, up to `room` bytes. */
function found(members: Members, room: bigint, context: Context, valueText: KindText): string {
  const count = wanted(members, context, valueText)
  const start = members.place('buf')
  const parts: string[] = []
  let offset = 0n
  for (let index = 0n; index < count; index++) {
    const head = membersAt('btrfs_search_header', start + offset, context, valueText)
    if (!head || offset + head.size > room) return `buf=[${[...parts, '...'].join(', ')}]`
    parts.push(braces(head.texts('transid', 'objectid', 'offset', 'type', 'len')))
    offset += head.size + head.number('len')
  }
  return `buf=[${parts.join(', ')}]`
}

const search = (name: string, before: readonly string[], room: (members: Members) => bigint): Device =>
  replaced(name, before, (members, context, valueText) => [
    `key={nr_items=${wanted(members, context, valueText)}}`,
    ...before.slice(1).flatMap(field => members.texts(field)),
    context.options.full ? found(members, room(members), context, valueText) : '...',
  ])

const MOST_STATISTICS = 5n

const statistics: Device = replaced('btrfs_stats', ['devid', 'nr_items', 'flags'], (members, { options }) => {
  const count = members.number('nr_items')
  const shown = Number(count < MOST_STATISTICS ? count : MOST_STATISTICS)
  const values = /\[(.*)\]/.exec(members.value('values'))?.[1]?.split(', ') ?? []
  const items = values
    .slice(0, shown)
    .map(
      (value, index) =>
        `[${named(String(index), nameIn('btrfs_dev_stat', BigInt(index)) ?? '', options)}]=${value}`,
    )
  const list = [...items, ...(count > MOST_STATISTICS ? ['...'] : [])]
  return [...members.texts('nr_items', 'flags'), `[${list.join(', ')}]`]
})

/** Flags of a subvolume: a number behind the pointer, which strace shows without brackets. */
const subvolumeFlags: Device = (value, { memory, options }) => {
  const flags = readWord(memory, value, 8)
  return flags === undefined ? address(value) : setText('|btrfs_subvol', flags, options)
}

/** Both parts are told even if neither can be read. */
const balance: Device = (value, context, valueText) => {
  const first = structAt('btrfs_balance_before', value, context, valueText)
  return isAnswered(context)
    ? `${first} => ${structAt('btrfs_balance_after', value, context, valueText)}`
    : first
}

const FEATURES = ['supported', 'safe to set', 'safe to clear']

const supportedFeatures: Device = (value, context, valueText) => {
  const { size } = membersAt('btrfs_features', value, context, valueText) ?? {}
  if (size === undefined || !readView(context.memory, value, Number(size) * FEATURES.length))
    return address(value)
  const parts = FEATURES.map((meaning, index) => {
    const text = structAt('btrfs_features', value + size * BigInt(index), context, valueText)
    return `${text} /* ${meaning} */`
  })
  return `[${parts.join(', ')}]`
}

export const BTRFS: Readonly<Record<string, Device>> = {
  btrfs_paths: paths,
  btrfs_inodes: inodes,
  btrfs_search: search('btrfs_search', ['key'], members => BigInt(members.bytes('buf').length)),
  btrfs_search2: search('btrfs_search2', ['key', 'buf_size'], members => members.number('buf_size')),
  btrfs_stats: statistics,
  btrfs_flags: subvolumeFlags,
  btrfs_balance: balance,
  btrfs_supported: supportedFeatures,
}
