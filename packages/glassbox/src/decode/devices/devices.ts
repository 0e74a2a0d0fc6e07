/** Printers of arguments of devices, by the names that scripts/linux/shapes.txt gives them. */
import { BTRFS } from './btrfs.ts'
import { CLOCKS } from './clocks.ts'
import { CONSOLES } from './consoles.ts'
import type { Device } from './device.ts'
import { FILES } from './files.ts'
import { FLASH } from './flash.ts'
import { INPUT } from './input.ts'
import { MACHINES } from './machines.ts'
import { MAPPER } from './mapper.ts'
import { SCSI } from './scsi.ts'
import { SECURITY } from './security.ts'
import { RINGS } from '../files/uring.ts'
import { TRACED } from './traced.ts'
import { VIDEO } from './video.ts'

export const DEVICES: Readonly<Record<string, Device>> = {
  ...BTRFS,
  ...FILES,
  ...FLASH,
  ...MACHINES,
  ...MAPPER,
  ...SCSI,
  ...SECURITY,
  ...CONSOLES,
  ...INPUT,
  ...VIDEO,
  ...CLOCKS,
  ...RINGS,
  ...TRACED,
}

/** Printers that show NULL in a way of their own. */
export const DEVICES_AT_ZERO: ReadonlySet<string> = new Set([...Object.keys(MAPPER), 'btrfs_balance'])
