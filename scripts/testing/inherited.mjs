// What a run of the tests must not hand on to its test files, so that programs behave the same on
// every machine.
//
// libuv gives signals and the signal mask of a child their defaults. Node keeps inherited
// descriptors from its children only up to the first gap above 15. So what is left are higher
// descriptors that the starter of the run left open: programs count and list their descriptors,
// and the kernel sizes the table of a process by them.
import { closeSync, readdirSync, readFileSync } from 'node:fs'

const CLOSED_BY_EXEC = 0o2000000

/** Whether a descriptor stays open over an exec. Node opens none of its own like that. */
function isHandedOn(descriptor) {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')
    return (Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '0', 8) & CLOSED_BY_EXEC) === 0
  } catch {
    // Reading the folder opens a descriptor, which is listed and gone.
    return false
  }
}

/** Closes the descriptors above 2 that this process was started with. */
export function closeInherited() {
  const descriptors = readdirSync('/proc/self/fd').map(Number)
  for (const descriptor of descriptors.filter(one => one > 2 && isHandedOn(one))) closeSync(descriptor)
}
