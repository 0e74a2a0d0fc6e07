/** A descriptor of a process: pidfd_open(2). It can be read from when the process has ended. */
import { POLLIN, POLLRDNORM } from '../../../linux/constants.ts'
import type { Process } from '../state.ts'
import { AnonymousFile } from './anonymous.ts'

export class PidFile extends AnonymousFile {
  readonly process: Process

  constructor(process: Process, flags: number) {
    super('[pidfd]', flags, process.endQueue)
    this.process = process
  }

  override poll(): number {
    return this.process.ended ? POLLIN | POLLRDNORM : 0
  }
}
