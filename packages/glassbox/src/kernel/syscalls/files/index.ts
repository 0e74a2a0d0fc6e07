/** The calls on files. */
import type { Family } from '../family.ts'
import { attributes } from './attributes.ts'
import { directory } from './directory.ts'
import { file } from './file.ts'
import { io } from './io.ts'
import { path } from './path.ts'

export const FILE_FAMILIES: readonly Family[] = [io, file, attributes, path, directory]
