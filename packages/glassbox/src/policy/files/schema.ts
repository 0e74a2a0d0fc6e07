/**
 * The JSON Schema of policy files, made from the tables of kinds that check them. It is published
 * as schema/policy.schema.json.
 */
import type { JsonSchema } from '../../options/kind.ts'
import { policyTableSchema } from '../check.ts'

export function policySchema(): JsonSchema {
  const { properties, ...table } = policyTableSchema()
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A policy of glassbox',
    description: 'What a program may do: see docs/policies.md.',
    ...table,
    properties: { $schema: { type: 'string' }, ...(properties as JsonSchema) },
    anyOf: [{ required: ['otherwise'] }, { required: ['extends'] }],
  }
}
