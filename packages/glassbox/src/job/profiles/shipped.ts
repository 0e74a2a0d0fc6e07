/** The profiles that come with glassbox. docs/profiles.md says what each is for. */
import type { Profile, ProfileName } from '../options.ts'

const MiB = 2 ** 20
const GiB = 2 ** 30
const SECOND = 1000
const MINUTE = 60 * SECOND

/**
 * Profiles by name.
 *
 * @example
 * PROFILES.judge.limits // { cpuTimeMs: 10000, … }
 */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = Object.freeze({
  build: Object.freeze<Profile>({
    here: true,
    net: 'host',
    diskBytes: 4 * GiB,
    diskFiles: 1_000_000,
    limits: Object.freeze({
      cpuTimeMs: Infinity,
      wallTimeMs: Infinity,
      memoryBytes: Infinity,
      processes: Infinity,
      fileSizeBytes: Infinity,
      openFiles: 65_536,
    }),
  }),
  judge: Object.freeze<Profile>({
    net: 'none',
    diskBytes: 64 * MiB,
    diskFiles: 4096,
    limits: Object.freeze({
      cpuTimeMs: 10 * SECOND,
      wallTimeMs: 30 * SECOND,
      memoryBytes: 256 * MiB,
      stackBytes: 256 * MiB,
      processes: 64,
      openFiles: 64,
      outputBytes: 16 * MiB,
      fileSizeBytes: 16 * MiB,
    }),
  }),
  agent: Object.freeze<Profile>({
    here: true,
    net: 'none',
    diskBytes: GiB,
    diskFiles: 100_000,
    limits: Object.freeze({
      cpuTimeMs: 10 * MINUTE,
      wallTimeMs: 30 * MINUTE,
      memoryBytes: 4 * GiB,
      processes: 1024,
      openFiles: 4096,
      outputBytes: 16 * MiB,
      fileSizeBytes: GiB,
    }),
  }),
})
