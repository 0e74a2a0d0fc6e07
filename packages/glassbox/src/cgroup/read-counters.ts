/**
 * Reads the counter files of a group by one plan. A raw call for each step from JavaScript takes
 * four times as long, and the end of every program waits for it.
 */
import { runPlan } from '../gate/gate.ts'
import { O_CLOEXEC, O_RDONLY } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { PlanBuilder, text } from '../plan/builder.ts'
import { type EncodedPlan, encodePlan } from '../plan/encode.ts'
import type { Data } from '../plan/types.ts'
import type { Cgroup } from './group.ts'

/** More than each of the files has. */
const ROOM = 1024

interface Reading {
  readonly encoded: EncodedPlan
  /** By file: what was read. Its length is in the slot that many after the directories. */
  readonly contents: readonly Buffer[]
}

/** All groups of a host have the same files. */
let known: { readonly key: string; readonly reading: Reading } | undefined

/**
 * The texts of `counterFiles`, empty for a file that this kernel lacks. `directories`: a
 * descriptor for each part of the group. Undefined if a file cannot be read for another reason.
 */
export function readCounters(cgroup: Cgroup, directories: readonly number[]): readonly string[] | undefined {
  const files = cgroup.counterFiles.map(({ part, file }) => ({ part: cgroup.parts.indexOf(part), file }))
  const key = JSON.stringify([directories.length, files])
  const reading = known?.key === key ? known.reading : makeReading(directories.length, files)
  known = { key, reading }
  const { slots } = runPlan(reading.encoded.bytes, directories)
  const lengths = files.map((_, index) => Number(slots[directories.length + index]))
  if (lengths.some(length => length < 0 && length !== -ERRNO.EBADF)) return undefined
  // The descriptor of a missing file is not valid, so reading from it is EBADF.
  const opened = files.map((_, index) => Number(slots[directories.length + files.length + index]))
  if (opened.some(result => result < 0 && result !== -ERRNO.ENOENT)) return undefined
  return reading.contents.map((bytes, index) => bytes.toString('latin1', 0, Math.max(0, lengths[index] ?? 0)))
}

function makeReading(parts: number, files: readonly { readonly part: number; readonly file: string }[]): Reading {
  const builder = new PlanBuilder('read the counters of a cgroup')
  const directories = Array.from({ length: parts }, () => builder.input('directory'))
  const lengths = files.map(({ file }) => builder.slot(`length of ${file}`))
  const opened = files.map(({ file }) => builder.slot(file))
  const contents: Data[] = files.map(() => ({ bytes: new Uint8Array(ROOM) }))
  for (const [index, { part, file }] of files.entries()) {
    const directory = directories[part]
    const [fd, result, room] = [opened[index], lengths[index], contents[index]]
    if (!directory || !fd || !result || !room) continue
    builder
      .call('openat', [directory, text(file), O_RDONLY | O_CLOEXEC, 0], `open ${file}`, {
        result: fd,
        onError: 'ignore',
      })
      .call('read', [fd, room, ROOM], `read ${file}`, { result, onError: 'ignore' })
      .call('close', [fd], `close ${file}`, { onError: [ERRNO.EBADF] })
  }
  const encoded = encodePlan(builder.build())
  return { encoded, contents: contents.map(data => Buffer.from(encoded.dataOf(data).buffer, encoded.dataOf(data).byteOffset, ROOM)) }
}
