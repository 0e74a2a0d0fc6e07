/**
 * Text in lines of at most `width` characters. All lines are indented; those after the first by
 * `hanging` more. Pure.
 *
 * @example
 * wrap('one two', 2, 6) // '  one\n  two'
 */
export function wrap(text: string, indent: number, width: number, hanging = 0): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const room = width - indent - (lines.length > 0 ? hanging : 0)
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
    .map((each, index) => ' '.repeat(index === 0 ? indent : indent + hanging) + each)
    .join('\n')
}
