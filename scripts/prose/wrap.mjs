// Rewraps paragraphs of prose with a line that is too long. Comments after code are left
// unchanged, because they must be rewritten by hand.

const width = text => [...text].length

/**
 * Fills lines of at most `longest` columns with words. The first line begins with `first`, the
 * others with `rest`.
 */
function fill(words, first, rest, longest) {
  const lines = []
  let line = first
  for (const word of words) {
    const isEmpty = line === first || line === rest
    if (!isEmpty && width(line) + 1 + width(word) > longest) {
      lines.push(line)
      line = rest + word
    } else line += isEmpty ? word : ` ${word}`
  }
  return [...lines, line]
}

/** What comes before the text in a line of a comment or of Markdown. */
const LEAD = {
  md: /^(\s*(?:>\s?)*)/,
  slashes: /^(\s*(?:\/\/|\/\*\*?(?= )|\*(?!\/)) ?)/,
  hashes: /^(\s*#+ ?)/,
}
const LIST = /^([-*]|\d+\.)\s+/
/**
 * Lines that are never joined with others: titles, tags, code, tables, and text aligned by hand.
 */
const FIXED = /^($|#|@|\||```|~~~|\s{2,}|!|[\w-]+:\/\/)/

/** What the following lines of a comment begin with, if its first line begins with `lead`. */
const after = lead => lead.replace(/\/\*\*?/, ' *')

/** `/** text *\/` on a line of its own becomes a block of several lines. */
function opened(line) {
  const match = /^(\s*)(\/\*\*?) (.*\S) \*\/$/.exec(line)
  return match ? [`${match[1]}${match[2]}`, `${match[1]} * ${match[3]}`, `${match[1]} */`] : [line]
}

/** The lines of a file, with every paragraph rewrapped that has a line wider than `longest`. */
export function wrap(lines, kind, isProse, longest) {
  const out = []
  let paragraph = []
  const flush = () => {
    const [head] = paragraph
    if (head === undefined) return
    if (paragraph.some(({ line }) => width(line) > longest)) {
      const [, mark = ''] = LIST.exec(head.text) ?? []
      const hanging = mark === '' ? '' : ' '.repeat(mark.length + 1)
      const words = paragraph.flatMap(({ text }) => text.trim().split(/\s+(?!\*\/$)/))
      const rest = `${after(head.lead)}${hanging}`
      out.push(...fill(mark === '' ? words : words.slice(1), head.lead + (mark && `${mark} `), rest, longest))
    } else out.push(...paragraph.map(({ line }) => line))
    paragraph = []
  }
  for (const whole of lines) {
    const prose = isProse(whole)
    for (const line of prose && kind === 'slashes' && width(whole) > longest ? opened(whole) : [whole]) {
      const lead = prose ? LEAD[kind].exec(line)?.[1] : undefined
      const text = line.slice(lead?.length ?? 0)
      const continues = paragraph.length > 0 && after(paragraph[0].lead).trim() === lead?.trim()
      const isClosed = /^\s*\/\*.*\*\//.test(line) || /\*\/./.test(line)
      const isIndentedItem = continues && LIST.test(paragraph[0].text) && /^\s{2}\S/.test(text)
      if (lead === undefined || isClosed || (FIXED.test(text) && !isIndentedItem)) {
        flush()
        out.push(line)
        continue
      }
      if (!continues || LIST.test(text)) flush()
      paragraph.push({ line, lead, text })
      if (text.endsWith('*/')) flush()
    }
  }
  flush()
  return out
}
