/**
 * struct io_uring_params: the caller's request and the kernel's answer. Source:
 * io_uring_setup(2).
 */
import { struct } from '../../codec/struct.ts'
import { IORING_SETUP_ATTACH_WQ } from '../../linux/constants.ts'
import { STRUCTS } from '../../linux/structs.ts'
import type { Printer } from '../context.ts'
import { readView } from '../memory.ts'
import { type KindText, structText } from '../basic/structs.ts'
import { address } from '../text.ts'

const ANSWERS = new Set(['sq_entries', 'cq_entries', 'features', 'sq_off', 'cq_off'])

export const uringParameters =
  (valueText: KindText): Printer =>
  (value, context) => {
    const layout = STRUCTS['io_uring_params']
    const view = layout && readView(context.memory, value, layout.size)
    if (!layout || !view) return address(value)
    // The descriptor is used only if this flag is set.
    const attaches = (struct('io_uring_params').read(view).flags & IORING_SETUP_ATTACH_WQ) !== 0
    const answered = context.outcome?.failed === false
    const fields = layout.fields.filter(
      ({ name }) => (name !== 'wq_fd' || attaches) && (answered || !ANSWERS.has(name)),
    )
    return structText({ size: layout.size, fields }, view, context, valueText)
  }
