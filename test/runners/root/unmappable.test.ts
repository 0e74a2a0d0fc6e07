/** Why a folder cannot be mapped: one sentence, and a way out, for each reason of the kernel. */
import assert from 'node:assert/strict'
import { chmodSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { ERRNO } from '#glassbox/linux/errno.js'
import { owned } from '#glassbox/runners/root/binds/owned.js'
import { temporaryDirectory } from '../../support/temporary.js'

const CASES = [
  [
    { errno: ERRNO.EINVAL, syscall: 'mount_setattr' },
    /it lies on \S.*, which takes no id-mapped .*\(EINVAL\)/,
    /docker run -v/,
  ],
  [
    { errno: ERRNO.EPERM, syscall: 'mount_setattr' },
    /id-mapped already .*\(EPERM\)/,
    /ext4, xfs, btrfs or tmpfs/,
  ],
  [
    { errno: ERRNO.ENOSYS, syscall: 'mount_setattr' },
    /the kernel makes no id-mapped mounts \(ENOSYS\)/,
    /Linux 5\.12/,
  ],
  [
    { errno: ERRNO.ENOSPC, syscall: 'clone3', hint: 'sysctl user.max_user_namespaces=15000.' },
    /no user namespace can be made for its id map \(ENOSPC\)/,
    /^sysctl user\.max_user_namespaces=15000\. Or copy files/,
  ],
] as const

for (const [refused, message, hint] of CASES)
  test(`${refused.syscall} fails with errno ${refused.errno}: ${message.source}`, context => {
    const source = temporaryDirectory(context)
    const bind = { source, target: '/data', directory: true, writable: true }
    const owning = { mappable: () => refused }
    const { errno, syscall } = refused
    const expected = {
      code: 'ERR_GLASSBOX_MISSING_FEATURE',
      feature: 'id-mapped mounts',
      message,
      hint,
      errno,
      syscall,
    }
    assert.throws(() => owned(bind, statSync(source), owning), expected)
    assert.throws(() => owned({ ...bind, writable: false }, statSync(source), owning), {
      hint: /copy it in instead/,
    })
    chmodSync(source, 0o777)
    assert.equal(owned(bind, statSync(source), owning).map, undefined, 'others may use it')
  })

test('a folder of an ordinary user can also be had by running glassbox as that user', context => {
  const source = temporaryDirectory(context)
  const stats = Object.assign(statSync(source), { uid: 1234 })
  const bind = { source, target: '/data', directory: true, writable: true }
  const owning = { mappable: () => ({ errno: ERRNO.EINVAL, syscall: 'mount_setattr' }) }
  assert.throws(() => owned(bind, stats, owning), { hint: /or run glassbox as user 1234, who owns it\.$/ })
})
