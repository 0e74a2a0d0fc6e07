/** Requests of virtual machines whose text leaves out more without -v. Source: linux/kvm.h. */
import { braces, type Device, ofShape } from './device.ts'

const ALL = [
  ...['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rsp', 'rbp'],
  ...['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rip', 'rflags'],
]

const registers: Device = ofShape('kvm_regs', (members, { options }) =>
  options.full
    ? braces(members.texts(...ALL))
    : braces([
        ...members.texts('rax'),
        '...',
        ...members.texts('rsp', 'rbp'),
        '...',
        ...members.texts('rip', 'rflags'),
      ]),
)

const features: Device = ofShape('kvm_cpuid', (members, { options }) => {
  const isBrief = !options.full && members.number('nent') !== 0n
  return braces([...members.texts('nent'), ...(isBrief ? ['entries=[...]'] : members.texts('entries'))])
})

export const MACHINES: Readonly<Record<string, Device>> = { kvm_regs: registers, kvm_cpuid: features }
