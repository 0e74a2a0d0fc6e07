/**
 * What every box looks like to its program: where it starts, the environment that it finds, how
 * large it is.
 */

export const BOX_DIRECTORY = '/box'
export const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'
export const DEFAULT_HOSTNAME = 'glassbox'
export const DEFAULT_DISK_BYTES: number = 256 * 2 ** 20
export const DEFAULT_DISK_FILES = 16_384
export const DEFAULT_COLLECT_BYTES: number = 64 * 2 ** 20

/**
 * The whole environment of a program whose caller names none; nothing of the host's is passed on.
 */
export const DEFAULT_ENV: Readonly<Record<string, string>> = Object.freeze({
  PATH: DEFAULT_PATH,
  HOME: BOX_DIRECTORY,
  LANG: 'C.UTF-8',
})
