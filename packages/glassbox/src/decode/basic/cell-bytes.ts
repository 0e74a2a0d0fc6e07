/** The bytes of a number in memory by its text kind. Numbers that are not listed have four. */
const WIDE: Readonly<Record<string, 8>> = {
  off: 8,
  size: 8,
  addr: 8,
  long: 8,
  hex: 8,
  time: 8,
  features: 8,
}

export const cellBytes = (kind: string): 4 | 8 => WIDE[kind] ?? 4
