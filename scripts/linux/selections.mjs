// Lines of shapes.txt that are no structs: what follows a request of ioctl(2), the arguments that
// a command selects, the attributes of netlink messages.

/** `ioctl NAME[,NAME] KIND …`, `args CALL N=VALUE[,VALUE] INDEX:KIND …`, `attrs NAME =SET …` */
export function readSelections(text, numberOf) {
  const requests = []
  const calls = new Map()
  const attributes = []
  for (const line of text.split('\n')) {
    const [what, names, ...words] = line.split(/\s+/)
    if (what === 'attrs') attributes.push(`${line.slice('attrs '.length)}\n`)
    if (what === 'ioctl') requests.push(...names.split(',').map(name => [numberOf(name), words]))
    if (what !== 'args') continue
    const [condition, ...kinds] = words
    const [by, values] = condition.split('=')
    const known = calls.get(names) ?? { by: Number(by), selected: [] }
    calls.set(names, known)
    const list = kinds.map(word => [
      Number(word.slice(0, word.indexOf(':'))),
      word.slice(word.indexOf(':') + 1),
    ])
    if (values === '*') known.others = list
    else known.selected.push(...values.split(',').map(value => [numberOf(value), list]))
  }
  return { requests: requests.toSorted(([a], [b]) => a - b), calls, attributes }
}
