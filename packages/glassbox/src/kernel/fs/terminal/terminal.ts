/**
 * A pseudo terminal: two sides with a line discipline between them, and the session whose
 * controlling terminal it is. pty(7).
 *
 * It lives while its master is open. After that every file of its other side is hung up.
 */
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLPRI,
  POLLRDNORM,
  POLLWRNORM,
} from '../../../linux/constants.ts'
import { EIO, ERESTARTSYS } from '../../../linux/errno-numbers.ts'
import { WaitQueue } from '../../wait/queue.ts'
import { ArrayTransfer } from '../array-transfer.ts'
import { Pipe } from '../pipe/pipe.ts'
import { type Jobs, SIGNAL } from './jobs.ts'
import { LineDiscipline } from './line-discipline.ts'
import { withNews } from './packets.ts'
import { MOST_OUTPUT } from './output-processing.ts'

const IN = POLLIN | POLLRDNORM
const OUT = POLLOUT | POLLWRNORM

/** struct winsize, in its order: rows, columns, and pixels. */
const WINDOW_BYTES = 8

export class Terminal {
  readonly number: number
  readonly queue: WaitQueue = new WaitQueue()
  readonly line: LineDiscipline
  readonly window: Uint8Array = new Uint8Array(WINDOW_BYTES)
  /** What the master reads. */
  readonly screen: Pipe = new Pipe()
  /** Whether its other side may not be opened yet: TIOCSPTLCK. */
  locked = true
  hungUp = false
  /** Open files of the other side, and whether there ever were any. */
  slaves = 0
  wasOpened = false
  /** Only root may open it once more: TIOCEXCL. */
  exclusive = false
  /** The session whose controlling terminal it is; 0: none. */
  session = 0
  /** The foreground group of that session; 0: none. */
  foreground = 0
  /** Packet mode of its master, and what it has not read yet: NEWS. */
  packets = false
  news = 0
  /** Whether a session has a controlling terminal. */
  readonly hasOther: (session: number) => boolean
  readonly #jobs: () => Jobs

  constructor(number: number, jobs: () => Jobs, hasOther: (session: number) => boolean = () => false) {
    this.number = number
    this.hasOther = hasOther
    this.#jobs = jobs
    this.line = new LineDiscipline({
      show: bytes => this.show(bytes),
      signal: signal => this.signalForeground(signal),
      tell: news => this.tell(news),
    })
  }

  get jobs(): Jobs {
    return this.#jobs()
  }

  /** Whether it is the caller's controlling terminal. */
  get isCallers(): boolean {
    return this.session !== 0 && this.session === this.jobs.caller.session
  }

  /** Bytes that may be written now, whatever becomes of them. */
  get room(): number {
    return this.line.stopped ? 0 : Math.floor(this.screen.room / MOST_OUTPUT)
  }

  /** What does not fit on the screen of a master that reads nothing is lost, as with any echo. */
  show(bytes: readonly number[]): void {
    this.screen.write(new ArrayTransfer(Uint8Array.from(bytes)))
    this.queue.wake()
  }

  /** A master in packet mode reads it next. */
  tell(news: number): void {
    if (!this.packets) return
    this.news = withNews(this.news, news)
    this.queue.wake()
  }

  signalForeground(signal: number): void {
    if (this.foreground !== 0) this.jobs.signalGroup(this.foreground, signal)
  }

  /**
   * Whether the caller may read (SIGTTIN), or write and change (SIGTTOU): 0, −EIO, or −ERESTARTSYS
   * after its group in the background was sent the signal.
   */
  check(signal: number): number {
    const { jobs } = this
    const { group } = jobs.caller
    if (!this.isCallers || this.foreground === 0 || group === this.foreground) return 0
    if (jobs.ignores(signal)) return signal === SIGNAL.SIGTTIN ? -EIO : 0
    if (jobs.orphaned) return -EIO
    jobs.signalGroup(group, signal)
    return -ERESTARTSYS
  }

  /** A session leader without a terminal takes it. */
  control(session: number, group: number): void {
    this.session = session
    this.foreground = group
  }

  /** It is nobody's controlling terminal any more. */
  leave(): void {
    this.session = 0
    this.foreground = 0
  }

  /** The leader of its session has ended. */
  leaderEnded(): void {
    this.signalForeground(SIGNAL.SIGHUP)
    this.leave()
  }

  /** Its master is gone. */
  hangUp(): void {
    if (this.hungUp) return
    this.hungUp = true
    const { session } = this
    if (session !== 0) {
      this.jobs.signalProcess(session, SIGNAL.SIGHUP)
      this.jobs.signalProcess(session, SIGNAL.SIGCONT)
    }
    this.leave()
    this.screen.free()
    this.queue.wake()
  }

  resize(window: Uint8Array): void {
    if (window.every((byte, at) => this.window[at] === byte)) return
    this.window.set(window)
    this.signalForeground(SIGNAL.SIGWINCH)
  }

  /** POLL* of its two sides. */
  get slaveEvents(): number {
    if (this.hungUp) return IN | OUT | POLLERR | POLLHUP
    return (this.line.readable() ? IN : 0) | (this.room > 0 ? OUT : 0)
  }

  get masterEvents(): number {
    const hup = this.wasOpened && this.slaves === 0 ? POLLHUP : 0
    const urgent = this.packets && this.news !== 0 ? POLLPRI | IN : 0
    return urgent | (this.screen.length > 0 ? IN : 0) | (this.line.room > 0 ? OUT : 0) | hup
  }
}
