/** Printers of arguments of devices, by the names that scripts/linux/shapes.txt gives them. */
import { CLOCKS } from './clocks.ts'
import { CONSOLES } from './consoles.ts'
import type { Device } from './device.ts'
import { FILES } from './files.ts'
import { INPUT } from './input.ts'
import { RINGS } from '../files/uring.ts'
import { TRACED } from './traced.ts'
import { VIDEO } from './video.ts'

export const DEVICES: Readonly<Record<string, Device>> = {
  ...FILES,
  ...CONSOLES,
  ...INPUT,
  ...VIDEO,
  ...CLOCKS,
  ...RINGS,
  ...TRACED,
}
