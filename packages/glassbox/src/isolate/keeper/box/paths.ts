/**
 * The directories of a box on the host. The front has checked that the number is in range. All
 * belong to root but `box`, which belongs to the owner of the box and, during a run, to its
 * program.
 */
import type { Ids, IsolateConfig } from '../../types.ts'

export interface BoxPaths {
  readonly id: number
  /** `<box_root>/<id>`. Callers keep files of their own there. */
  readonly top: string
  /** The program's working directory, `/box` inside. */
  readonly box: string
  /** The root of the program is mounted on it. */
  readonly root: string
  /** The directories behind `tmp` rules. They live as long as the box. */
  readonly stores: string
  readonly lock: string
  /** The program's user and group. */
  readonly ids: Ids
}

export function boxPaths({ boxRoot, lockRoot, firstIds }: IsolateConfig, id: number): BoxPaths {
  const top = `${boxRoot}/${id}`
  return {
    id,
    ...{ top, box: `${top}/box`, root: `${top}/root`, stores: `${top}/tmp`, lock: `${lockRoot}/${id}` },
    ids: { uid: firstIds.uid + id, gid: firstIds.gid + id },
  }
}
