/** Values behind a pointer that mean something only if another argument does. */
import { argument, type Context, type Printer, type KindText } from '../context.ts'
import { readWord } from '../memory.ts'
import { address } from '../text.ts'
import { cell } from './structs.ts'

const numberAt = (valueText: KindText): Printer => cell('int', valueText)

/** A length. With an operand: that of the address in another argument. */
export const addressLength =
  (operand: string, valueText: KindText): Printer =>
  (value, context) =>
    operand !== '' && argument(context, Number(operand)) === 0n
      ? address(value)
      : numberAt(valueText)(value, context)

const HANDLE_HEAD_BYTES = 8

/** The mount that the file handle in another argument belongs to. */
export const mountNumber =
  (operand: string, valueText: KindText): Printer =>
  (value: bigint, context: Context) =>
    readWord(context.memory, argument(context, Number(operand)), HANDLE_HEAD_BYTES) === undefined
      ? address(value)
      : numberAt(valueText)(value, context)

/** An array that has no elements is empty whether the call failed or not. */
export const noElements =
  (operand: string): Printer =>
  (value, context) =>
    argument(context, Number(/\d+$/.exec(operand)?.[0])) === 0n ? '[]' : address(value)
