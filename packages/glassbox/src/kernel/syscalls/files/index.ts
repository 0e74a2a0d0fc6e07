/** The calls on files. */
import type { Family } from '../family.ts'
import { attributes } from './attributes.ts'
import { control } from './control.ts'
import { directory } from './directory.ts'
import { epoll } from './events/epoll.ts'
import { eventfd } from './events/eventfd.ts'
import { inotify } from './events/inotify.ts'
import { extended } from './extended.ts'
import { file } from './file.ts'
import { io } from './io.ts'
import { lock } from './lock.ts'
import { mount } from './mount.ts'
import { path } from './path.ts'
import { pipe } from './pipe.ts'
import { poller } from './poll.ts'
import { storage } from './storage.ts'
import { terminal } from './terminal.ts'

export const FILE_FAMILIES: readonly Family[] = [
  ...[io, file, attributes, path, directory, pipe, control, lock, poller],
  ...[epoll, eventfd, inotify],
  ...[storage, extended, mount, terminal],
]
