/**
 * The calls of which the native step has told the entry, as the first part of a line: JavaScript
 * does not know them. If their exits must be handled here, they are taken over first. They lie in
 * the open calls at the beginning of the tables (struct open_call of native/lanes.h), which are
 * looked at only while no step runs.
 */
import {
  LANE_ARGUMENTS,
  LANE_TABLES_LAYOUT,
  OPEN_CALL_LAYOUT,
  OPEN_CALLS,
  TOLD,
} from '../../gate/generated/layouts.ts'

export interface OpenLine {
  readonly tid: number
  readonly nr: number
  readonly timeNs: bigint
  readonly args: readonly bigint[]
  /** The length of the open line; 0 if that has ended. */
  readonly column: number
}

export class OpenLines {
  readonly #view: DataView

  constructor(tables: Uint8Array) {
    this.#view = new DataView(tables.buffer, tables.byteOffset)
  }

  /** How many calls there are. */
  get count(): number {
    return this.#view.getUint32(LANE_TABLES_LAYOUT.inside, true)
  }

  /**
   * Takes over all calls, or the one of thread `only`. Their exits will be told as records; that
   * of thread `left` is, or will not come.
   */
  take(left: number, only?: number): readonly OpenLine[] {
    const view = this.#view
    const found: OpenLine[] = []
    for (let place = 0; place < OPEN_CALLS; place++) {
      const at = LANE_TABLES_LAYOUT.open + place * OPEN_CALL_LAYOUT.SIZE
      const tid = view.getInt32(at + OPEN_CALL_LAYOUT.tid, true)
      const isLine = tid !== 0 && view.getUint32(at + OPEN_CALL_LAYOUT.told, true) === TOLD.line
      if (!isLine || (only !== undefined && tid !== only)) continue
      found.push({
        tid,
        nr: view.getUint32(at + OPEN_CALL_LAYOUT.number, true),
        timeNs: view.getBigUint64(at + OPEN_CALL_LAYOUT.entered, true),
        args: Array.from({ length: LANE_ARGUMENTS }, (_, index) =>
          view.getBigUint64(at + OPEN_CALL_LAYOUT.args + index * 8, true),
        ),
        column: view.getUint32(at + OPEN_CALL_LAYOUT.column, true),
      })
      view.setUint32(at + OPEN_CALL_LAYOUT.told, TOLD.record, true)
      view.setUint32(at + OPEN_CALL_LAYOUT.step, 0, true)
      if (tid === left) view.setInt32(at + OPEN_CALL_LAYOUT.tid, 0, true)
    }
    view.setUint32(LANE_TABLES_LAYOUT.inside, this.count - found.length, true)
    return found
  }
}
