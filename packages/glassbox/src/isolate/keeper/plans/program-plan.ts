/**
 * The plan by which the prepared child (container/prepare-plan.ts) becomes the program of a box.
 * It is the program's user already, and in `/box`.
 *
 * The files of `--stdin` and its siblings are opened here, as the program's user: a link that a
 * program has left leads nowhere that it could not go itself. Before that, the child gets a
 * descriptor table of its own and closes what it shared with init, so that no path leads to a
 * descriptor of init.
 */
import {
  AT_FDCWD,
  CLOSE_RANGE_UNSHARE,
  F_DUPFD,
  O_CREAT,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  SIG_BLOCK,
  TIOCSPGRP,
} from '../../../linux/constants.ts'
import { signalNumber } from '../../../linux/signals.ts'
import {
  addExecuteStep,
  addLimitStep,
  addUnblockStep,
  LAST_DESCRIPTOR,
  type ResourceLimit,
} from '../../../launch/exec-steps.ts'
import { PlanBuilder, text, words } from '../../../plan/builder.ts'
import type { Plan, Slot } from '../../../plan/types.ts'
import type { IsolateProgram } from '../../types.ts'

export interface ProgramPlan {
  readonly plan: Plan
  /** The time just before execve. */
  readonly started: Slot
}

export interface ProgramSpec {
  readonly program: IsolateProgram
  readonly rlimits: readonly ResourceLimit[]
  /** The caller's descriptors above 2 that the program gets, under their numbers. */
  readonly inherited: readonly number[]
}

const STDIO = ['stdin', 'stdout', 'stderr'] as const
/** The first process of a box after init; and its process group. */
const FIRST_PROCESS = 2
const OUTPUT_MODE = 0o666
const SIGSET_BYTES = 8

/**
 * The text of open(2) or execve(2) for a message.
 *
 * @example
 * callText('execve', 'a.out') // execve("a.out")
 */
export const callText = (call: string, path: string): string => `${call}("${path}")`

class Program {
  readonly builder: PlanBuilder
  readonly started: Slot
  readonly #file: Slot

  constructor({ program, inherited }: ProgramSpec) {
    const [path = ''] = program.argv
    this.builder = new PlanBuilder(`run ${path}`)
    const stdio = STDIO.map(name => this.builder.input(name))
    const given = inherited.map(number => this.builder.input(`descriptor ${number}`))
    this.started = this.builder.slot('time of the start')
    this.#file = this.builder.slot('file')
    for (const [index, slot] of stdio.entries())
      this.builder.call('dup2', [slot, index], `put ${slot.label} into place`)
    this.#descriptors(given, inherited)
    if (program.ttyHack) this.#foreground()
    this.#streams(program)
  }

  /** Leaves the child nothing else. */
  #descriptors(given: readonly Slot[], numbers: readonly number[]): void {
    const first = STDIO.length
    const above = Math.max(first, ...numbers.map(number => number + 1))
    // The numbers at which they arrive may be among those at which they belong.
    const moved = given.map(slot => {
      const result = this.builder.slot(slot.label)
      this.builder.call('fcntl', [slot, F_DUPFD, above], `move ${slot.label} away`, { result })
      return result
    })
    const last = moved.length === 0 ? LAST_DESCRIPTOR : above - 1
    this.builder.call('close_range', [first, last, CLOSE_RANGE_UNSHARE], 'leave init its descriptors')
    for (const [index, slot] of moved.entries())
      this.builder.call('dup2', [slot, numbers[index] ?? 0], `put ${slot.label} into place`)
    if (moved.length > 0) this.builder.call('close_range', [above, LAST_DESCRIPTOR, 0], 'close the rest')
  }

  /**
   * Brings the program's group to the foreground of the terminal on stdout. A process in the
   * background is stopped when it does that, unless it blocks the signal.
   */
  #foreground(): void {
    const ttou = 1n << BigInt((signalNumber('SIGTTOU') ?? 1) - 1)
    this.builder
      .call('rt_sigprocmask', [SIG_BLOCK, words(8, [ttou]), 0, SIGSET_BYTES], 'block SIGTTOU')
      .call('ioctl', [1, TIOCSPGRP, words(4, [FIRST_PROCESS])], 'come to the foreground', {
        onError: 'ignore',
      })
    addUnblockStep(this.builder)
  }

  #streams({ streams: { stdin, stdout, stderr } }: IsolateProgram): void {
    const forOutput = O_WRONLY | O_CREAT | O_TRUNC
    if (stdin !== undefined) this.#open(stdin, O_RDONLY, 0)
    if (stdout !== undefined) this.#open(stdout, forOutput, 1)
    if (stderr === 'stdout') this.builder.call('dup2', [1, 2], 'make stderr the same as stdout')
    else if (stderr) this.#open(stderr.path, forOutput, 2)
  }

  #open(path: string, flags: number, as: number): void {
    const file = this.#file
    this.builder
      .call('openat', [AT_FDCWD, text(path), flags, OUTPUT_MODE], callText('open', path), { result: file })
      .call('dup2', [file, as], `make it ${STDIO[as]}`)
      .call('close', [file], 'close it')
  }
}

/** Inputs: stdin, stdout, stderr, and the inherited descriptors in order. */
export function programPlan(spec: ProgramSpec): ProgramPlan {
  const { program, rlimits } = spec
  const { argv, environment, chdir } = program
  const { builder, started } = new Program(spec)
  if (chdir !== undefined) builder.call('chdir', [text(chdir)], `go to ${chdir}`)
  for (const limit of rlimits) addLimitStep(builder, limit)
  builder.clock(started, 'note the time')
  addExecuteStep(builder, { path: argv[0] ?? '', argv, env: variables(environment) })
  return { plan: builder.build(), started }
}

/**
 * The plan of a program that says on its stderr why another one could not be executed, and ends
 * with status 127, as a shell does.
 */
export function complaintPlan(spec: ProgramSpec, complaint: string): ProgramPlan {
  const { builder, started } = new Program(spec)
  const line = text(`${complaint}\n`)
  builder
    .clock(started, 'note the time')
    .call('write', [2, line, line.bytes.length - 1], 'say what failed', { onError: 'ignore' })
    .call('exit_group', [NOT_EXECUTED], 'end')
  return { plan: builder.build(), started }
}

const NOT_EXECUTED = 127

const variables = (environment: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    environment.map(variable => {
      const at = variable.indexOf('=')
      return [variable.slice(0, at), variable.slice(at + 1)]
    }),
  )
