/**
 * The report of `glassbox doctor`: what this host offers, row by row, and the consequence for each
 * runner.
 */
import { availableParallelism } from 'node:os'
import { INIT_PATH } from '../gate/addon.ts'
import { cgroupModeRow, cgroupRows } from './cgroups.ts'
import { coreRow, kernelRow, ptraceRow, seccompRow } from './kernel.ts'
import { landlockRow } from './landlock.ts'
import { appArmorRow, boxRow, namespacesRow, ordinaryUserRow, userNamespaceRow } from './namespaces.ts'
import { kernelProgramRow, tracedProgramRow } from './tried-runners.ts'
import type { Row } from './row.ts'
import { runtimesRow } from './runtimes.ts'
import { placeRow } from './surroundings.ts'

export interface Diagnosis {
  readonly rows: readonly Row[]
  readonly runners: readonly Row[]
  /** Whether the namespace runner works here, for this user. */
  readonly ok: boolean
}

function whoRow(): Row {
  const uid = process.geteuid?.() ?? -1
  return {
    subject: 'user',
    found: uid === 0 ? 'root' : `uid ${uid}`,
    state: 'yes',
    meaning: uid === 0 ? 'boxes get a user id of their own' : 'boxes are made in a user namespace',
  }
}

function coresRow(): Row {
  const count = availableParallelism()
  const meaning = `up to ${count} s of CPU time a second`
  return { subject: 'processors', found: String(count), state: 'yes', meaning }
}

function nodeRow(): Row {
  return {
    subject: 'Node.js',
    found: process.version,
    state: 'yes',
    meaning: `native code loaded, init at ${INIT_PATH}`,
  }
}

export async function diagnose(): Promise<Diagnosis> {
  const box = await boxRow()
  const traced = await tracedProgramRow()
  const served = await kernelProgramRow()
  const ordinary = ordinaryUserRow()
  const rows = [
    nodeRow(),
    whoRow(),
    kernelRow(),
    coresRow(),
    seccompRow(),
    namespacesRow(),
    userNamespaceRow(),
    appArmorRow(),
    placeRow(),
    cgroupModeRow(),
    ...cgroupRows(),
    runtimesRow(),
    landlockRow(),
    ptraceRow(),
    coreRow(),
    box,
    traced,
    served,
    ...(ordinary ? [ordinary] : []),
  ]
  const weak = rows.some(({ subject, state }) => subject.startsWith('cgroup ') && state === 'partly')
  const runners = [
    namespaceRunnerRow(box, weak),
    triedRunnerRow('ptrace', traced, 'works; limits are kept by the tracer'),
    triedRunnerRow('kernel', served, 'works; no system call of a program reaches this host'),
  ]
  return { rows, runners, ok: box.state !== 'no' }
}

function namespaceRunnerRow(box: Row, weakFigures: boolean): Row {
  const state = box.state === 'yes' && weakFigures ? 'partly' : box.state
  const lacks = [
    ...(weakFigures ? ['some limits are kept without cgroups'] : []),
    ...(box.state === 'partly' ? ['a wall is weaker: see "a box, tried now"'] : []),
  ]
  const meanings = {
    yes: 'works, with all limits',
    partly: `works; ${lacks.join('; ')}`,
    no: box.found,
  }
  return {
    subject: 'namespace',
    found: state,
    state,
    meaning: meanings[state],
    ...(box.fix === undefined ? {} : { fix: box.fix }),
  }
}

const triedRunnerRow = (subject: string, { state, found, fix }: Row, works: string): Row => ({
  subject,
  found: state,
  state,
  meaning: state === 'yes' ? works : found,
  ...(fix === undefined ? {} : { fix }),
})
