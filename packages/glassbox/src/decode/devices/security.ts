/** Contexts of security modules: lsm_get_self_attr(2). Source: linux/lsm.h. */
import { LSM_FLAG_SINGLE } from '../../linux/constants.ts'
import { argument, type Context, type KindText } from '../context.ts'
import { readWord } from '../../codec/memory.ts'
import { membersAt } from '../shapes/members.ts'
import { hexBytes } from '../shapes/shapes.ts'
import { address } from '../text.ts'
import { braces, type Device, isAnswered } from './device.ts'

const SIZE_BYTES = 4

/** One context, of which so many bytes are there; `undefined` if it cannot be read. */
function contextText(
  at: bigint,
  room: bigint,
  context: Context,
  valueText: KindText,
): { readonly text: string; readonly bytes: bigint } | undefined {
  const head = membersAt('lsm_context', at, context, valueText)
  if (!head || room < head.size) return undefined
  const [said, rest] = [head.number('ctx_len'), room - head.size]
  const length = said < rest ? said : rest
  const data = length === 0n ? [] : [`ctx=${hexBytes(String(length))(at + head.size, context)}`]
  return {
    text: braces([...head.texts('id', 'flags', 'len', 'ctx_len'), ...data]),
    bytes: head.number('len'),
  }
}

/** What the kernel wrote, one context behind the other. */
function contextsText(value: bigint, context: Context, valueText: KindText): string {
  const said = readWord(context.memory, argument(context, 2), SIZE_BYTES)
  if (said === undefined) return address(value)
  const end = value + said
  const found: string[] = []
  for (let at = value; at < end; ) {
    const one = contextText(at, end - at, context, valueText)
    if (!one && found.length === 0) return address(value)
    found.push(one ? one.text : `... /* ${address(at)} */`)
    if (!one || one.bytes === 0n) break
    at += one.bytes
  }
  return `[${found.join(', ')}]`
}

/** With LSM_FLAG_SINGLE the caller says of which module it asks. */
const askedContexts: Device = (value, context, valueText) => {
  const isSingle = (argument(context, 3) & BigInt(LSM_FLAG_SINGLE)) !== 0n
  const head = isSingle ? membersAt('lsm_context', value, context, valueText) : undefined
  const asked = head ? [braces(head.texts('id'))] : []
  const answer = isAnswered(context) ? [contextsText(value, context, valueText)] : []
  return [...asked, ...answer].join(' => ') || address(value)
}

const givenContext: Device = (value, context, valueText) =>
  contextText(value, argument(context, 2), context, valueText)?.text ?? address(value)

export const SECURITY: Readonly<Record<string, Device>> = {
  lsm_contexts: askedContexts,
  lsm_context: givenContext,
}
