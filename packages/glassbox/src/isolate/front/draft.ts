/** What the options of a command line said so far. Each option of the table writes one part. */
import type { IsolateCommand } from '../types.ts'
import { DirectoryRules } from './directory-rules.ts'
import type { EnvironmentRule } from './environment.ts'

/** Opens a file of `--meta` or `--json` while the options are read, as the original does. */
export type OpenReport = (option: 'meta' | 'json', path: string) => void

export class Draft {
  command: IsolateCommand | 'help' | undefined
  plan = false
  boxId: number | 'auto' = 0
  cg = false
  /** Options that make sense only with `--cg` were given. */
  needsCg = false
  cgTiming = true
  wait = false
  uid: number | undefined
  gid: number | undefined
  quota: { readonly blocks: number; readonly inodes: number } | undefined
  verbose = 0
  silent = false
  meta: string | undefined
  json: string | undefined
  fullEnvironment = false
  readonly environment: EnvironmentRule[] = []
  defaultDirectories = true
  readonly directories: DirectoryRules = new DirectoryRules()
  chdir: string | undefined
  stdin: string | undefined
  stdout: string | undefined
  stderr: { readonly path: string } | 'stdout' | undefined
  inheritFds = false
  shareNet = false
  specialFiles = false
  ttyHack = false
  cpuMs: number | undefined
  extraCpuMs = 0
  wallMs: number | undefined
  cgMemKiB: number | undefined
  addressSpaceKiB: number | undefined
  fileSizeKiB: number | undefined
  stackKiB: number | undefined
  coreKiB = 0
  openFiles: number | undefined = 1024
  processes: number | undefined = 1
  syscallFlags: number | undefined
  /** The words that are no options. */
  readonly operands: string[] = []
  readonly openReport: OpenReport

  constructor(openReport: OpenReport) {
    this.openReport = openReport
  }
}
