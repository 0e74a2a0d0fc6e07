/** Presets that let a program start the programs of the system: `compiler` and `shell`. */
import type { Policy, PresetName } from '../policy.ts'
import { DEVICES, ITSELF, LIBRARIES, MACHINE, PROGRAMS, SETTINGS, SINKS, WORK } from './files.ts'
import { NO_NETWORK, ORDINARY_RULES } from './ordinary.ts'

/** `read`: what is read in addition to what all programs read. */
function tools(name: PresetName, read: readonly string[]): Policy {
  return {
    name,
    rules: [...NO_NETWORK, ...ORDINARY_RULES],
    otherwise: { kind: 'kill' },
    paths: {
      read: [...read, '/usr/share/', ...LIBRARIES, ...DEVICES, ...ITSELF, ...MACHINE, ...SETTINGS],
      write: [...WORK, ...SINKS],
      execute: ['{program}', ...WORK, ...PROGRAMS],
    },
  }
}

export const COMPILER: Policy = tools('compiler', [
  ...['/usr/include/', '/usr/local/include/', '/usr/src/', '/usr/local/go/', '/usr/share/gocode/'],
  ...['/etc/alternatives/', '/etc/fpc.cfg', '/etc/fpc-*.cfg', '/etc/ld.so.conf', '/etc/ld.so.conf.d/'],
  ...['/etc/java-*/**', '/etc/python3/', '/etc/python3.*/*'],
])

export const SHELL: Policy = tools('shell', [
  ...['/etc/profile', '/etc/profile.d/', '/etc/bash.bashrc', '/etc/inputrc', '/etc/shells'],
  ...['/etc/alternatives/', '/etc/terminfo/', '/etc/fstab', '/etc/mtab', '/etc/magic', '/etc/hostname'],
  '/etc/gitconfig',
])
