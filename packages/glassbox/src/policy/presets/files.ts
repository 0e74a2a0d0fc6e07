/** The files that programs need, as path patterns, in lists that presets are made of. */

/** The loaders of dynamic programs: glibc's and musl's. */
export const LOADERS: readonly string[] = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-musl-x86_64.so.1']

/** Libraries, locales and time zones. */
export const LIBRARIES: readonly string[] = [
  ...['/lib/', '/lib64/', '/usr/lib/', '/usr/lib32/', '/usr/lib64/', '/usr/local/lib/'],
  ...['/etc/ld.so.cache', '/etc/ld.so.preload', '/etc/ld-musl-x86_64.path'],
  ...['/usr/share/locale/', '/usr/share/i18n/', '/etc/locale.alias'],
  ...['/usr/share/zoneinfo/', '/etc/localtime', '/etc/timezone'],
]

/** Devices without contents. */
export const DEVICES: readonly string[] = ['/dev/zero', '/dev/full', '/dev/random', '/dev/urandom']

/** What a program asks about itself. */
export const ITSELF: readonly string[] = ['/proc/self/', '/proc/thread-self/']

/** What run-time systems ask about the machine, to choose the number of threads and their heap. */
export const MACHINE: readonly string[] = [
  ...['/proc/cpuinfo', '/proc/meminfo', '/proc/stat', '/proc/loadavg', '/proc/uptime', '/proc/version'],
  ...['/proc/filesystems', '/proc/cgroups', '/proc/sys/vm/', '/proc/sys/kernel/', '/proc/sys/fs/'],
  ...['/sys/devices/system/cpu/', '/sys/devices/system/node/', '/sys/kernel/mm/', '/sys/fs/cgroup/'],
]

/** Names of users and services, certificates and settings of libraries; nothing secret. */
export const SETTINGS: readonly string[] = [
  ...['/etc/passwd', '/etc/group', '/etc/nsswitch.conf', '/etc/host.conf', '/etc/hosts'],
  ...['/etc/protocols', '/etc/services', '/etc/mime.types', '/etc/os-release', '/etc/debian_version'],
  ...['/etc/ssl/certs/', '/etc/ssl/openssl.cnf', '/usr/share/ca-certificates/', '/etc/ca-certificates/'],
]

/** Where systems keep their programs. */
export const PROGRAMS: readonly string[] = [
  ...['/bin/', '/usr/bin/', '/usr/local/bin/', '/sbin/', '/usr/sbin/'],
  ...['/lib/', '/lib64/', '/usr/lib/', '/usr/libexec/', '/usr/local/lib/', '/usr/local/libexec/'],
]

/** The working directory. */
export const WORK: readonly string[] = ['{work}/']

/**
 * What programs write to, besides their files. A program begins a session of its own, which has no
 * terminal, so /dev/tty gives ENXIO: each shell asks for it.
 */
export const SINKS: readonly string[] = ['/dev/null', '/dev/tty']
