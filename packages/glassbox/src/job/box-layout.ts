/**
 * Defaults that every box has in common: its working directory, environment, host name and size.
 */

export const BOX_DIRECTORY = '/box'
export const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'
export const DEFAULT_HOSTNAME = 'glassbox'
export const DEFAULT_DISK_BYTES: number = 256 * 2 ** 20
export const DEFAULT_DISK_FILES = 16_384
export const DEFAULT_COLLECT_BYTES: number = 64 * 2 ** 20

/**
 * The whole environment of a program, if the caller gives none. The host's variables are not
 * inherited.
 */
export const DEFAULT_ENV: Readonly<Record<string, string>> = Object.freeze({
  PATH: DEFAULT_PATH,
  HOME: BOX_DIRECTORY,
  LANG: 'C.UTF-8',
  // What login(1) sets, for the user `box` of /etc/passwd. Programs read them without a check.
  USER: 'box',
  LOGNAME: 'box',
  SHELL: '/bin/sh',
  TERM: 'dumb',
})
