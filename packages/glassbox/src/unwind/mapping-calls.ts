/**
 * The calls that can change where code is mapped in a process. They must be seen, so that its
 * mappings stay known.
 */
export const MAPPING_CALLS = [
  'mmap',
  'mprotect',
  'pkey_mprotect',
  'munmap',
  'mremap',
  'remap_file_pages',
  'shmat',
  'shmdt',
] as const

export type MappingCall = (typeof MAPPING_CALLS)[number]
