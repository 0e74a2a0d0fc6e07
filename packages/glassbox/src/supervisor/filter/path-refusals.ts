/**
 * Calls that change or reveal files past rules about paths, and that no tracer can make safe. They
 * are refused to every program whose policy has such rules. Landlock does not see them.
 */
import * as linux from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { because, is, refuse } from '../../seccomp/conditions.ts'
import type { CallRule, Condition } from '../../seccomp/policy.ts'

/** The bits of a request that say which driver it belongs to, and in which direction data goes. */
const TYPE = 0xff00n
const DIRECTION_AND_TYPE = 0xc000ff00n

const masked = (op: 'masked-eq' | 'masked-ne', arg: number, mask: bigint, value: number): Condition => ({
  arg,
  op,
  mask,
  value: BigInt(value >>> 0) & mask,
  width: 32,
})

/** Requests to file systems that only pass data to them: flags, attributes, versions, verity. */
const SETTERS = [linux.FS_IOC_SETFLAGS, linux.FS_IOC_FSSETXATTR, linux.FS_IOC_SETVERSION]
/** Copies between open files. The kernel asks whether the target was opened for writing. */
const COPIES = [linux.FICLONE, linux.FICLONERANGE, linux.FIDEDUPERANGE]

const NOT_SUPPORTED = refuse(ERRNO.ENOTTY)

const setterRules: readonly CallRule[] = SETTERS.map(request => ({
  syscalls: ['ioctl'],
  when: [masked('masked-eq', 1, DIRECTION_AND_TYPE, request)],
  action: NOT_SUPPORTED,
}))

/** btrfs has requests of its own that make and remove directories. Its copies became general. */
const btrfsRule: CallRule = {
  syscalls: ['ioctl'],
  when: [
    masked('masked-eq', 1, TYPE, linux.FICLONE),
    ...COPIES.map((request): Condition => ({ ...is(1, request), op: 'ne' })),
  ],
  action: NOT_SUPPORTED,
}

const encryptionRule: CallRule = {
  syscalls: ['ioctl'],
  when: [is(1, linux.FS_IOC_SET_ENCRYPTION_POLICY)],
  action: NOT_SUPPORTED,
}

/** `O_ACCMODE` alone opens a file neither for reading nor for writing, which Landlock allows. */
const openRules: readonly CallRule[] = (
  [
    ['open', 1],
    ['openat', 2],
  ] as const
).map(([call, arg]) => ({
  syscalls: [call],
  when: [masked('masked-eq', arg, BigInt(linux.O_ACCMODE | linux.O_PATH), linux.O_ACCMODE)],
  action: refuse(ERRNO.EACCES),
}))

export const PATH_REFUSALS: readonly CallRule[] = [
  ...because('it changes a file that may only be open for reading', [
    ...setterRules,
    btrfsRule,
    encryptionRule,
  ]),
  ...because('it opens a file in a way that Landlock does not judge', openRules),
]
