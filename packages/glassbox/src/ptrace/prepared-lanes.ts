/**
 * The plans and names that the build has made for the standard forms of lines
 * (scripts/build-lanes.mjs): a file for each form, with four words, the plans by number, the
 * tables as the native step reads them, and the names of the kinds as JSON. Without the file, or
 * with one that is cut, plans are compiled when a call is first seen.
 */
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LaneForm } from '../decode/lanes/plan.ts'
import { PLANNED_CALLS } from '../gate/generated/layouts.ts'

export interface PreparedLanes {
  /** Of names, by number. */
  readonly kinds: readonly string[]
  /** How many names there are. */
  readonly names: number
  /** Where the plan of each call is; 0: it has none. */
  readonly plans: Uint32Array
  /** What follows the head of the tables. */
  readonly tables: Uint8Array
}

const HEAD_BYTES = 16
const PLAN_BYTES = PLANNED_CALLS * 4

/** As deep in the tree as the bundles. */
const fileOf = (form: LaneForm): string => join(import.meta.dirname, `../lanes/${form}.bin`)

/** The content of the file: the total length first. */
export function encodePrepared({ kinds, names, plans, tables }: PreparedLanes): Uint8Array {
  const text = Buffer.from(JSON.stringify(kinds))
  const length = HEAD_BYTES + PLAN_BYTES + tables.length + text.length
  const head = Uint32Array.of(length, names, tables.length, text.length)
  return Buffer.concat([Buffer.from(head.buffer), Buffer.from(plans.slice().buffer), tables, text])
}

function decodePrepared(bytes: Buffer): PreparedLanes | undefined {
  if (bytes.length < HEAD_BYTES + PLAN_BYTES || bytes.readUInt32LE(0) !== bytes.length) return undefined
  const names = bytes.readUInt32LE(4)
  const start = HEAD_BYTES + PLAN_BYTES
  const end = start + bytes.readUInt32LE(8)
  return {
    kinds: JSON.parse(bytes.toString('latin1', end)) as readonly string[],
    names,
    plans: new Uint32Array(bytes.buffer, bytes.byteOffset + HEAD_BYTES, PLANNED_CALLS),
    tables: bytes.subarray(start, end),
  }
}

export function preparedLanes(form: LaneForm): PreparedLanes | undefined {
  let fd: number
  try {
    fd = openSync(fileOf(form), 'r')
  } catch {
    return undefined // built without bundles
  }
  try {
    return decodePrepared(readFileSync(fd, null))
  } finally {
    closeSync(fd)
  }
}
