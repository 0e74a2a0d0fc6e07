/**
 * Requests of files and disks: extents, sharing of blocks, ATA commands. Sources: linux/fiemap.h,
 * linux/fs.h, linux/hdreg.h.
 */
import { hexBytes } from '../shapes/shapes.ts'
import { structsAt } from '../shapes/struct-text.ts'
import { braces, type Device, isAnswered, ofShape, replaced } from './device.ts'

const extents: Device = replaced(
  'fiemap',
  ['fm_start', 'fm_length', 'fm_flags', 'fm_extent_count'],
  (members, { options }) => [
    ...members.texts('fm_flags', 'fm_mapped_extents'),
    ...(options.full ? members.texts('fm_extents') : ['...']),
  ],
)

/** Without -v, this many of the destinations are shown. */
const FEW = 2

const sharedBlocks: Device = ofShape('dedupe', (members, context, valueText) => {
  const elements = context.options.full ? Infinity : Math.min(context.limit, FEW)
  const count = members.number('dest_count')
  const list = (shape: string): string =>
    `info=${structsAt(shape, members.place('info'), count, { ...context, elements }, valueText)}`
  const fields = members.texts('src_offset', 'src_length', 'dest_count')
  const first = braces([...fields, list('dedupe_before')])
  const after = list('dedupe_after')
  return isAnswered(context) && after.startsWith('info=[{') ? `${first} => ${braces([after])}` : first
})

const SECTOR_BYTES = 512n

const driveCommand: Device = replaced(
  'hd_command',
  ['command', 'sector_number', 'feature', 'sector_count'],
  (members, context) => {
    const bytes = members.number('sector_count') * SECTOR_BYTES
    const data = bytes === 0n ? [] : [`buf=${hexBytes(String(bytes))(members.place('buf'), context)}`]
    return [...members.texts('status', 'error', 'nsector'), ...data]
  },
)

export const FILES: Readonly<Record<string, Device>> = {
  fiemap: extents,
  dedupe: sharedBlocks,
  hdcommand: driveCommand,
}
