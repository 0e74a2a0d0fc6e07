/** The streams of the terminal; colours and a spinner, only where there is one. */
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

// A reader that went away (glassbox run … | head) is no error of ours.
const careless = (stream: NodeJS.WriteStream): NodeJS.WriteStream =>
  stream.listenerCount('error') > 0 ? stream : stream.on('error', () => {})

/** Node makes its streams when they are first looked at, which takes a while: not before something is written. */
export const stdout = (): NodeJS.WriteStream => careless(process.stdout)
export const stderr = (): NodeJS.WriteStream => careless(process.stderr)

/** The width of the terminal; COLUMNS says it where there is none. */
export function columns(): number {
  const said = Number(process.env['COLUMNS'])
  return stdout().columns || (Number.isInteger(said) && said > 0 ? said : 80)
}

/** NO_COLOR and FORCE_COLOR decide before the terminal does (no-color.org). */
export function hasColor(stream: NodeJS.WriteStream): boolean {
  if (process.env['NO_COLOR']) return false
  if (process.env['FORCE_COLOR']) return process.env['FORCE_COLOR'] !== '0'
  return stream.isTTY && process.env['TERM'] !== 'dumb'
}

export function paint(stream: NodeJS.WriteStream, style: Style, text: string): string {
  return hasColor(stream) ? styleText(style, text) : text
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const INTERVAL_MS = 80

/**
 * Shows on a terminal that something runs, until it is stopped. Only where nothing else writes there: the caller asks
 * for it when the program's own output goes elsewhere.
 */
export function startSpinner(stream: NodeJS.WriteStream, text: string): () => void {
  if (!stream.isTTY) return () => {}
  let frame = 0
  const timer = setInterval(() => stream.write(`\r${FRAMES[frame++ % FRAMES.length]} ${text}`), INTERVAL_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
    stream.write('\r\u001b[K')
  }
}
