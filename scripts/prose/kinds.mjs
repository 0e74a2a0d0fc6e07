// Decides which lines of a file are prose, by the kind of the file.

/**
 * By kind: makes a function that says whether a line is prose. It must be called for every line,
 * from the first one on.
 */
const PROSE = {
  md: () => {
    let inCode = false
    return line => {
      if (/^\s*(```|~~~)/.test(line)) inCode = !inCode
      return !inCode && !/^\s*\|/.test(line)
    }
  },
  slashes: () => {
    let inBlock = false
    return line => {
      const begins = /^\s*\/\*/.test(line)
      const isComment = inBlock || begins || /(^|\s)\/\/ /.test(line) || /\/\*.*\*\/\s*$/.test(line)
      if (begins) inBlock = true
      if (inBlock && line.includes('*/')) inBlock = false
      return isComment
    }
  },
  hashes: () => line => /^\s*#/.test(line),
}

const KIND_OF = {
  md: 'md',
  ...{ ts: 'slashes', mjs: 'slashes', cjs: 'slashes', js: 'slashes', c: 'slashes', h: 'slashes' },
  ...{ sh: 'hashes', py: 'hashes' },
}

/** `md`, `slashes`, `hashes`, or `undefined` for files without prose. */
export const kindOf = path => KIND_OF[/\.(\w+)$/.exec(path)?.[1] ?? '']

export const proseOf = kind => PROSE[kind]()
