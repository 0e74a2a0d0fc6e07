/**
 * A rule about the file behind a descriptor: struct landlock_path_beneath_attr, 64 bits of
 * rights and the descriptor.
 */
const BENEATH = { SIZE: 12, access: 0, file: 8 } as const

export const RULE_BYTES: number = BENEATH.SIZE

/** All rights are in the lower half of the 64 bits. */
export function writeRule(view: DataView, access: number, fd: number): void {
  view.setUint32(BENEATH.access, access, true)
  view.setInt32(BENEATH.file, fd, true)
}

/** The bytes of a rule. */
export function ruleBytes(access: number, fd: number): Uint8Array {
  const bytes = new Uint8Array(RULE_BYTES)
  writeRule(new DataView(bytes.buffer), access, fd)
  return bytes
}
