/** The bits of a futex word that locks use: linux/futex.h. */

export const WAITERS: number = 0x8000_0000 | 0
export const OWNER_DIED = 0x4000_0000
export const TID_MASK = 0x3fff_ffff
