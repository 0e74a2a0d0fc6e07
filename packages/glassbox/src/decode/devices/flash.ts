/** Requests of volumes on flash memory: made, attached, renamed. Source: mtd/ubi-user.h. */
import { type Members, membersAt } from '../shapes/members.ts'
import type { Context } from '../context.ts'
import { address, charArray } from '../text.ts'
import { braces, type Device, isAnswered, ofShape } from './device.ts'

const MOST_NAME_BYTES = 127
const NAME_LENGTH_BITS = 16

/** `name="a"`: as many characters as the struct says, at most as many as there is room for. */
function volumeName(members: Members, { options }: Context): string {
  const length = Number(BigInt.asIntN(NAME_LENGTH_BITS, members.number('name_len')))
  const shown = Math.min(Math.max(length, 0), MOST_NAME_BYTES)
  return `name=${charArray(members.bytes('name').subarray(0, shown + 1), options.stringsInHex)}`
}

/** The id that the caller asks for, or that the kernel chose. */
const answered = (members: Members, field: string, context: Context): string =>
  isAnswered(context) ? ` => [${members.value(field)}]` : ''

const attach: Device = ofShape('ubi_attach', (members, context) => {
  const fields = members.texts('ubi_num', 'mtd_num', 'vid_hdr_offset', 'max_beb_per1024')
  return braces(fields) + answered(members, 'ubi_num', context)
})

const makeVolume: Device = ofShape('ubi_volume', (members, context) => {
  const fields = members.texts('vol_id', 'alignment', 'bytes', 'vol_type', 'flags', 'name_len')
  return braces([...fields, volumeName(members, context)]) + answered(members, 'vol_id', context)
})

/** UBI_MAX_RNVOL */
const MOST_RENAMED = 32

const rename: Device = ofShape('ubi_rename', (members, context, valueText) => {
  const count = Number(BigInt.asIntN(32, members.number('count')))
  const shown = Math.min(Math.max(count, 0), MOST_RENAMED)
  const parts: string[] = []
  let at = members.place('ents')
  for (let index = 0; index < shown; index++) {
    const entry = membersAt('ubi_rename_entry', at, context, valueText)
    if (!entry) {
      parts.push(index === 0 ? address(at) : `... /* ${address(at)} */`)
      break
    }
    parts.push(braces([...entry.texts('vol_id', 'name_len'), volumeName(entry, context)]))
    at += entry.size
  }
  return braces([...members.texts('count'), `ents=[${parts.join(', ')}]`])
})

export const FLASH: Readonly<Record<string, Device>> = {
  ubi_attach: attach,
  ubi_volume: makeVolume,
  ubi_rename: rename,
}
