/**
 * The texts of /proc/PID/smaps and smaps_rollup: how much of each mapping there is. All that is
 * there counts as used by this process only: who shares a page is not looked at.
 */
import { hexAddress, mapsLine } from './process-texts.ts'
import type { ProcArea, ProcProcess } from './source.ts'

const PAGE_KIB = 4
/** In their order, as far as they are always zero here. */
const NOTHING = ['LazyFree', 'AnonHugePages', 'ShmemPmdMapped', 'FilePmdMapped', 'Shared_Hugetlb']
const NOTHING_EITHER = ['Private_Hugetlb', 'Swap', 'SwapPss', 'Locked']

type Lines = readonly (readonly [name: string, kib: number])[]

const textOf = (lines: Lines): string =>
  lines.map(([name, kib]) => `${`${name}:`.padEnd(16)}${String(kib).padStart(8)} kB\n`).join('')

interface Sums {
  readonly resident: number
  readonly anonymous: number
  readonly shared: number
}

function sumsOf(areas: readonly ProcArea[]): Sums {
  const sum = (suits: (area: ProcArea) => boolean): number =>
    areas.filter(suits).reduce((bytes, { residentBytes }) => bytes + residentBytes, 0) / 1024
  return {
    resident: sum(() => true),
    anonymous: sum(({ anonymous }) => anonymous),
    shared: sum(({ shared }) => shared),
  }
}

const zeros = (names: readonly string[]): Lines => names.map(name => [name, 0] as const)

function usage({ resident, anonymous }: Sums, ofKinds: Lines): Lines {
  return [
    ['Rss', resident],
    ['Pss', resident],
    ['Pss_Dirty', anonymous],
    ...ofKinds,
    ['Shared_Clean', 0],
    ['Shared_Dirty', 0],
    ['Private_Clean', resident - anonymous],
    ['Private_Dirty', anonymous],
    ['Referenced', resident],
    ['Anonymous', anonymous],
    ['KSM', 0],
    ...zeros(NOTHING),
    ...zeros(NOTHING_EITHER),
  ]
}

/** The letters of VmFlags for PROT_* bits, and what each may become. */
function flagsOf({ protection, shared }: ProcArea): string {
  const rights = ['rd', 'wr', 'ex'].filter((_, bit) => ((protection >> bit) & 1) !== 0)
  return [...rights, ...(shared ? ['sh'] : []), 'mr', 'mw', 'me', ...(shared ? ['ms'] : []), 'sd'].join(' ')
}

export const smapsText = (process: ProcProcess): string =>
  process
    .areas()
    .map(area => {
      const size = (area.end - area.start) / 1024
      const sizes = textOf([
        ['Size', size],
        ['KernelPageSize', PAGE_KIB],
        ['MMUPageSize', PAGE_KIB],
      ])
      const rest = `THPeligible:           0\nVmFlags: ${flagsOf(area)} \n`
      return mapsLine(area) + sizes + textOf(usage(sumsOf([area]), [])) + rest
    })
    .join('')

export function rollupText(process: ProcProcess): string {
  const areas = process.areas()
  const [first, last] = [areas[0], areas.at(-1)]
  if (first === undefined || last === undefined) return ''
  const sums = sumsOf(areas)
  const head = `${hexAddress(first.start)}-${hexAddress(last.end)} ---p 00000000 00:00 0`
  const kinds: Lines = [
    ['Pss_Anon', sums.anonymous],
    ['Pss_File', sums.resident - sums.anonymous - sums.shared],
    ['Pss_Shmem', sums.shared],
  ]
  return `${head.padEnd(72)} [rollup]\n${textOf(usage(sums, kinds))}`
}
