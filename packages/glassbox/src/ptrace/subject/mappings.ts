/**
 * /proc/PID/maps, and the files of mappings. A mapped file is opened by its mapping (map_files,
 * which needs privilege and works for deleted files). If that fails, it is opened by its path
 * under the process's root, if that is still the same file.
 */
import { closeSync, fstatSync, openSync } from 'node:fs'
import type { MappingInfo } from '../../trace/subject.ts'
import { orUndefined, textOf } from './reading.ts'
import { procOf } from './proc-id.ts'

const LINE = /^([0-9a-f]+)-([0-9a-f]+) ..(.). ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) +(.+)$/gm

export function parseMaps(text: string): readonly MappingInfo[] {
  return [...text.matchAll(LINE)].map(
    ([, start = '', end = '', x, offset = '', device = '', inode, name = '']) => ({
      start: parseInt(start, 16),
      end: parseInt(end, 16),
      executable: x === 'x',
      offset: parseInt(offset, 16),
      device,
      inode: Number(inode),
      name,
    }),
  )
}

/** Empty for a thread that is gone. */
export const mappingsOf = (tid: number): readonly MappingInfo[] =>
  parseMaps(textOf(`${procOf(tid)}/maps`) ?? '')

/** Returns a descriptor that the caller owns. */
export function openMapped(
  tid: number,
  { start, end, name, device, inode }: MappingInfo,
): number | undefined {
  const range = `${start.toString(16)}-${end.toString(16)}`
  return (
    openRegular(`${procOf(tid)}/map_files/${range}`) ?? openSame(`${procOf(tid)}/root${name}`, device, inode)
  )
}

const openRegular = (path: string): number | undefined => orUndefined(() => openSync(path, 'r'))

/** The path may lead to another file by now. */
function openSame(path: string, device: string, inode: number): number | undefined {
  const fd = openRegular(path)
  if (fd === undefined) return undefined
  const { dev, ino } = fstatSync(fd)
  if (ino === inode && deviceText(dev) === device) return fd
  closeSync(fd)
  return undefined
}

/** The device in the format of /proc/PID/maps. */
function deviceText(dev: number): string {
  return [majorOf(dev), minorOf(dev)].map(number => number.toString(16).padStart(2, '0')).join(':')
}

/** The parts of a dev_t, as in glibc's sys/sysmacros.h. */
export const majorOf = (dev: number): number => ((dev >>> 8) & 0xfff) | (Math.floor(dev / 2 ** 32) & ~0xfff)
export const minorOf = (dev: number): number => (dev & 0xff) | ((dev >>> 12) & 0xfff00)
