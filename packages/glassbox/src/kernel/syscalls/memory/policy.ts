/** Where memory comes from on machines with several nodes: this kernel has one. */
import {
  MPOL_F_ADDR,
  MPOL_F_MEMS_ALLOWED,
  MPOL_F_NODE,
  MPOL_F_NUMA_BALANCING,
  MPOL_F_RELATIVE_NODES,
  MPOL_F_STATIC_NODES,
} from '../../../linux/constants.ts'
import { EFAULT, EINVAL } from '../../../linux/errno-numbers.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { PAGE_SIZE } from '../../mm/pages/page.ts'

const KNOWN = MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED
const MPOL_DEFAULT = 0
/** The set of nodes with the first one, or without any. */
const NODE_0 = 1
const NO_NODE = 0

function getMempolicy(
  task: Task,
  policy: number,
  nodes: number,
  mostNodes: number,
  address: number,
  flags: number,
): number {
  if ((flags & ~KNOWN) !== 0 || (nodes !== 0 && mostNodes < 1)) return -EINVAL
  const wantsAllowed = (flags & MPOL_F_MEMS_ALLOWED) !== 0
  const isOfAddress = (flags & MPOL_F_ADDR) !== 0
  if (wantsAllowed && (flags & (MPOL_F_NODE | MPOL_F_ADDR)) !== 0) return -EINVAL
  if (isOfAddress && task.addressSpace.areas.find(address) === undefined) return -EFAULT
  if (!wantsAllowed && !isOfAddress && (address !== 0 || (flags & MPOL_F_NODE) !== 0)) return -EINVAL
  // The policy, or the node of a page: both are 0.
  if (policy !== 0 && task.memory.writeInt32(policy, MPOL_DEFAULT) !== 0) return -EFAULT
  return nodes === 0 ? 0 : writeNodes(task, nodes, mostNodes, wantsAllowed ? NODE_0 : NO_NODE)
}

function writeNodes(task: Task, address: number, mostNodes: number, set: number): number {
  const length = Math.ceil((mostNodes - 1) / 64) * 8
  if (length > PAGE_SIZE) return -EINVAL
  const bytes = new Uint8Array(length)
  if (length > 0) bytes[0] = set
  return task.memory.write(address, bytes, 0, length)
}

/** MPOL_* in their order, and whether each has to name nodes, may, or must not. */
const MODES = ['no nodes', 'any', 'nodes', 'nodes', 'no nodes', 'any', 'nodes'] as const
const MODE_FLAGS = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES | MPOL_F_NUMA_BALANCING

function setMempolicy(task: Task, mode: number, nodes: number, mostNodes: number): number {
  const wants = MODES[mode & ~MODE_FLAGS]
  const named = readNodes(task, nodes, mostNodes)
  if (named < 0) return named
  if (wants === undefined) return -EINVAL
  if (named > 0 ? wants === 'no nodes' : wants === 'nodes') return -EINVAL
  return 0
}

/** 1: the first node is named; 0: none; −EINVAL: one that this machine does not have. */
function readNodes(task: Task, address: number, mostNodes: number): number {
  if (address === 0 || mostNodes <= 1) return NO_NODE
  const length = Math.ceil((mostNodes - 1) / 64) * 8
  if (length > PAGE_SIZE) return -EINVAL
  const bytes = new Uint8Array(length)
  if (task.memory.read(address, bytes, 0, length) !== 0) return -EFAULT
  const [first = 0, ...others] = bytes
  return first > NODE_0 || others.some(byte => byte !== 0) ? -EINVAL : first
}

export const POLICY: Family = {
  get_mempolicy: getMempolicy,
  set_mempolicy: { handler: setMempolicy, partly: 'There is one node, and every policy takes it.' },
}
