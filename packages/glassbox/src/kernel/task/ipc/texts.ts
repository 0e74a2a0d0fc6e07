/** The texts of /proc/sysvipc, which ipcs(1) prints. */
import { PAGE_SIZE } from '../../mm/pages/page.ts'
import type { Ipc } from './ipc.ts'
import type { IpcObject } from './object.ts'

/** A column: its name, its width, and what it shows of an object. */
type Column<T> = readonly [name: string, width: number, show: (object: T) => number | string]

const owners: readonly Column<IpcObject>[] = [
  ['uid', 5, ({ uid }) => uid],
  ['gid', 5, ({ gid }) => gid],
  ['cuid', 5, ({ creatorUid }) => creatorUid],
  ['cgid', 5, ({ creatorGid }) => creatorGid],
]
const names = (id: string): readonly Column<IpcObject>[] => [
  ['key', 10, ({ key }) => key],
  [id, 10, object => object.id],
  ['perms', 5, ({ mode }) => mode.toString(8)],
]
const TIME = 10

function table<T>(objects: Iterable<T>, columns: readonly Column<T>[]): string {
  const heads = columns.map(([name, width]) => name.padStart(width)).join(' ')
  const lines = [...objects].map(object =>
    columns.map(([, width, show]) => String(show(object)).padStart(width)).join(' '),
  )
  return [heads, ...lines].map(line => `${line}\n`).join('')
}

export const IPC_TEXTS = {
  shm: ({ segments }: Ipc): string =>
    table(segments.all, [
      ...names('shmid'),
      ['size', 21, ({ size }) => size],
      ['cpid', 5, ({ creatorPid }) => creatorPid],
      ['lpid', 5, ({ lastPid }) => lastPid],
      ['nattch', 5, ({ attachments }) => attachments],
      ...owners,
      ['atime', TIME, ({ attachedAt }) => attachedAt],
      ['dtime', TIME, ({ detachedAt }) => detachedAt],
      ['ctime', TIME, ({ changedAt }) => changedAt],
      ['rss', 21, ({ pages }) => pages.pages * PAGE_SIZE],
      ['swap', 21, () => 0],
    ]),
  sem: ({ sets }: Ipc): string =>
    table(sets.all, [
      ...names('semid'),
      ['nsems', 10, ({ size }) => size],
      ...owners,
      ['otime', TIME, ({ operatedAt }) => operatedAt],
      ['ctime', TIME, ({ changedAt }) => changedAt],
    ]),
  msg: ({ queues }: Ipc): string =>
    table(queues.all, [
      ...names('msqid'),
      ['cbytes', 10, ({ bytes }) => bytes],
      ['qnum', 10, ({ messages }) => messages.length],
      ['lspid', 5, ({ lastSender }) => lastSender],
      ['lrpid', 5, ({ lastReceiver }) => lastReceiver],
      ...owners,
      ['stime', TIME, ({ sentAt }) => sentAt],
      ['rtime', TIME, ({ receivedAt }) => receivedAt],
      ['ctime', TIME, ({ changedAt }) => changedAt],
    ]),
} as const
