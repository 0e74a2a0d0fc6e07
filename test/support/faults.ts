/**
 * Makes a test file fail for faults that no caller can catch: uncaught exceptions, unhandled
 * rejections, and warnings.
 */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

/** Call it once, at the top of a test file. */
export function failOnFaults(): void {
  const faults: unknown[] = []
  const note = (fault: unknown): void => void faults.push(fault)
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
  process.on('warning', note)
  after(async () => {
    await sleep(50)
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
    process.off('warning', note)
    assert.deepEqual(faults, [], 'nothing was thrown that no caller can catch')
  })
}
