/**
 * Huge pages, of which there are none: the answers are those of a host whose pools are empty.
 */
import { EINVAL, ENOMEM } from '../../../linux/errno-numbers.ts'

/** Of MAP_HUGETLB and SHM_HUGETLB: the size as a power of two stands in the upper bits. */
const SIZE_SHIFT = 26
const SIZE_MASK = 63
/** The first is the default, which is the second. */
const SIZES = [0, 21, 30]

/** −EINVAL of a size that the CPU does not have, else −ENOMEM. */
export const noHugePages = (flags: number): number =>
  SIZES.includes((flags >>> SIZE_SHIFT) & SIZE_MASK) ? -ENOMEM : -EINVAL
