/**
 * Reads bytes from front to back: the integers of DWARF 4, section 7.6, and the encoded pointers
 * of .eh_frame (LSB, "DWARF Extensions"). Reading past the end throws a RangeError, which the
 * reader of a damaged object catches.
 */

/**
 * DW_EH_PE_*: the low four bits say how a pointer is stored, the next three what it is relative
 * to.
 */
export const EH_PE = {
  omit: 0xff,
  indirect: 0x80,
  absolute: 0x00,
  relative: 0x10,
  data: 0x30,
  format: 0x0f,
  application: 0x70,
} as const

const SEVEN_BITS = 0x7f
const MORE = 0x80
const SIGN = 0x40

export class Cursor {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  /** The address of the first byte in the object's own address space. */
  readonly address: number
  at: number

  constructor(bytes: Uint8Array, address = 0, at = 0) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.address = address
    this.at = at
  }

  get atEnd(): boolean {
    return this.at >= this.#bytes.length
  }

  u8(): number {
    return this.#view.getUint8(this.at++)
  }

  s8(): number {
    return this.#view.getInt8(this.at++)
  }

  u16(): number {
    return this.#view.getUint16((this.at += 2) - 2, true)
  }

  s16(): number {
    return this.#view.getInt16((this.at += 2) - 2, true)
  }

  u32(): number {
    return this.#view.getUint32((this.at += 4) - 4, true)
  }

  s32(): number {
    return this.#view.getInt32((this.at += 4) - 4, true)
  }

  u64(): bigint {
    return this.#view.getBigUint64((this.at += 8) - 8, true)
  }

  s64(): bigint {
    return this.#view.getBigInt64((this.at += 8) - 8, true)
  }

  wideUleb(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8()
      value |= BigInt(byte & SEVEN_BITS) << shift
      if ((byte & MORE) === 0) return value
    }
  }

  wideSleb(): bigint {
    let value = 0n
    for (let shift = 0n; ; ) {
      const byte = this.u8()
      value |= BigInt(byte & SEVEN_BITS) << shift
      shift += 7n
      if ((byte & MORE) === 0) return (byte & SIGN) === 0 ? value : value - (1n << shift)
    }
  }

  uleb(): number {
    return Number(this.wideUleb())
  }

  sleb(): number {
    return Number(this.wideSleb())
  }

  block(length: number): Uint8Array {
    if (length < 0 || this.at + length > this.#bytes.length) throw new RangeError('a block beyond its bytes')
    return this.#bytes.subarray(this.at, (this.at += length))
  }

  rest(): Uint8Array {
    return this.block(this.#bytes.length - this.at)
  }

  /** Reads bytes up to a NUL, and skips the NUL. */
  text(): string {
    const end = this.#bytes.indexOf(0, this.at)
    if (end < 0) throw new RangeError('a string without an end')
    const text = String.fromCharCode(...this.#bytes.subarray(this.at, end))
    this.at = end + 1
    return text
  }

  /**
   * Reads an encoded pointer. `data`: what DW_EH_PE_datarel is relative to. Indirect pointers are
   * not supported, because unwinding does not need them.
   */
  pointer(encoding: number, data = 0): number {
    const place = this.address + this.at
    const value = this.#stored(encoding & EH_PE.format)
    switch (encoding & EH_PE.application) {
      case EH_PE.absolute:
        return value
      case EH_PE.relative:
        return place + value
      case EH_PE.data:
        return data + value
      default:
        throw new RangeError(`a pointer encoded as ${encoding}`)
    }
  }

  #stored(format: number): number {
    switch (format) {
      case 0x0:
      case 0x4:
        return Number(this.u64())
      case 0x1:
        return this.uleb()
      case 0x2:
        return this.u16()
      case 0x3:
        return this.u32()
      case 0x9:
        return this.sleb()
      case 0xa:
        return this.s16()
      case 0xb:
        return this.s32()
      case 0xc:
        return Number(this.s64())
      default:
        throw new RangeError(`a pointer of format ${format}`)
    }
  }
}
