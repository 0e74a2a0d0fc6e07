/**
 * Colours, the terminal width and a spinner. Without a terminal there are no colours and no
 * spinner.
 */
import { styleText } from 'node:util'
import { type CommandOutput, stdout } from './output.ts'

type Style = Parameters<typeof styleText>[0]

/** The width of the terminal; without a terminal, the value of COLUMNS. */
export function columns(): number {
  const said = Number(process.env['COLUMNS'])
  const width = stdout.isTerminal ? process.stdout.columns : 0
  return width || (Number.isInteger(said) && said > 0 ? said : 80)
}

/** NO_COLOR and FORCE_COLOR take precedence over the terminal (no-color.org). */
export function hasColor(stream: CommandOutput): boolean {
  if (process.env['NO_COLOR']) return false
  if (process.env['FORCE_COLOR']) return process.env['FORCE_COLOR'] !== '0'
  return stream.isTerminal && process.env['TERM'] !== 'dumb'
}

export function paint(stream: CommandOutput, style: Style, text: string): string {
  return hasColor(stream) ? styleText(style, text) : text
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const INTERVAL_MS = 80

/**
 * Shows on a terminal that something is running, until it is stopped. The caller uses it only if
 * nothing else is written there, that is, if the program's own output goes elsewhere.
 */
export function startSpinner(stream: CommandOutput, text: string): () => void {
  if (!stream.isTerminal) return () => {}
  let frame = 0
  const timer = setInterval(() => stream.write(`\r${FRAMES[frame++ % FRAMES.length]} ${text}`), INTERVAL_MS)
  timer.unref()
  return () => {
    clearInterval(timer)
    stream.write('\r\u001b[K')
  }
}
