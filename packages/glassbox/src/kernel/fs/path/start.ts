/** The one walk of the kernel, and where walks begin. */
import { Walk } from './walk.ts'

/** What it found is valid until it runs again. */
export const walk: Walk = new Walk()
