/**
 * Makes a result for a test: that of a successful program, with the fields that the test gives.
 */
import type { RunResult } from '#glassbox/index.js'

type AnyResult = RunResult<string | Uint8Array>

export const result = (parts: Partial<AnyResult>): AnyResult => ({
  status: 'exited',
  ok: true,
  cpuTimeMs: 12.34,
  userTimeMs: 12.34,
  systemTimeMs: 0,
  wallTimeMs: 1500,
  setupTimeMs: 1,
  memoryBytes: 8 * 2 ** 20,
  stdout: '',
  stderr: '',
  stdoutTruncated: false,
  stderrTruncated: false,
  files: {},
  directories: {},
  fileErrors: {},
  runner: 'namespace',
  measuredBy: { cpuTime: 'cgroup-v1', memory: 'cgroup-v1', processes: 'cgroup-v1' },
  ...parts,
})
