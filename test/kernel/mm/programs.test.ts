/** Programs about memory print the same natively and on the kernel, errno for errno. */
import { dirname } from 'node:path'
import { program } from '../../support/programs.js'
import { type Row, sameAsNative } from '../../support/kernel/tiers.js'

const row = (name: string, file: string): Row => ({ name, program: program(`kernel/${file}`) })

sameAsNative(
  [
    row('mmap, munmap, mprotect, brk: results, errors and faults', 'memory-map'),
    row('ranges that nothing can be in, or that wrap around: errno for errno', 'memory-ranges'),
    row('who loses code, stack or the place of a signal frame ends by SIGSEGV', 'memory-gone'),
    row('mapped files that are truncated, punched, collapsed: what each mapping shows', 'memory-files'),
    row('mremap, madvise, mlock, fork, process_vm: results and contents', 'memory-change'),
    row('threads that map, and end while others run', 'memory-threads'),
    row('clocks of the vDSO agree with those of the calls', 'memory-clocks'),
  ],
  [dirname(program('kernel/memory-map'))],
)
