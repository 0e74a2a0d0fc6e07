/** What every box looks like to its program: where it starts, and the environment that it finds. */

export const BOX_DIRECTORY = '/box'
export const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'
export const DEFAULT_HOSTNAME = 'glassbox'

/** The whole environment of a program whose caller names none; nothing of the host's is passed on. */
export const DEFAULT_ENV: Readonly<Record<string, string>> = {
  PATH: DEFAULT_PATH,
  HOME: BOX_DIRECTORY,
  LANG: 'C.UTF-8',
}
