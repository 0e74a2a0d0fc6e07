/** Text in lines. Pure. */

/** Words, separated by commas, in lines of at most `width` characters, indented. */
export function wrapList(words: readonly string[], indent: number, width: number): string {
  const lines: string[] = []
  let line = ''
  for (const [index, word] of words.entries()) {
    const piece = index < words.length - 1 ? `${word},` : word
    if (line !== '' && indent + line.length + 1 + piece.length > width) {
      lines.push(line)
      line = piece
    } else line = line === '' ? piece : `${line} ${piece}`
  }
  return [...lines, line].map(each => ' '.repeat(indent) + each).join('\n')
}
