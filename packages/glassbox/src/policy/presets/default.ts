/** The preset `default`: programs of C, C++, Rust, Go and Pascal, static and dynamic. */
import { DEFAULT_POLICY } from '../../seccomp/defaults.ts'
import type { Policy } from '../policy.ts'

export const DEFAULT_PRESET: Policy = {
  name: 'default',
  ...DEFAULT_POLICY,
  paths: {
    read: [
      '{work}/',
      ...['/usr/lib/', '/usr/lib32/', '/usr/lib64/', '/lib/', '/lib64/', '/usr/share/zoneinfo/'],
      ...['/etc/ld.so.cache', '/etc/ld.so.preload', '/etc/localtime', '/etc/timezone'],
      ...['/proc/self/', '/proc/meminfo', '/dev/random', '/dev/urandom', '/dev/zero'],
    ],
    write: ['{work}/', '/dev/null'],
    execute: ['{program}', '/lib/', '/lib64/', '/usr/lib/'],
  },
}
