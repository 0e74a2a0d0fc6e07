/**
 * Data models: how wide pointers and longs are in the structs of a program. It belongs to the ABI
 * of a call: a process can make calls of several.
 */

/**
 * 64: x86-64. 32: i386. `time64`: calls of i386 whose times have 64 bits (clock_gettime64(2) and
 * its kind). `x32`: pointers and sizes have 32 bits, times and most longs of the kernel's structs
 * have 64.
 */
export type DataModel = 64 | 32 | 'time64' | 'x32'

/** The bytes of a pointer, and of a `long` or a `size_t` of the program. */
export const pointerBytes = (model: DataModel = 64): 4 | 8 => (model === 64 ? 8 : 4)

/** Something that there is once for each model. */
export const perModel = <T>(make: (model: DataModel) => T): Readonly<Record<DataModel, T>> => ({
  64: make(64),
  32: make(32),
  time64: make('time64'),
  x32: make('x32'),
})
