/** Handlers that throw when so many tracees were born. */
import type { HandlersModule } from '#glassbox/index.js'

const thrower: HandlersModule = data => {
  let born = 0
  return {
    newChild() {
      if (++born === data) throw new RangeError('enough of them')
    },
  }
}

export default thrower
