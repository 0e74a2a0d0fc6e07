/** One row of the report: one finding about the host. */

export interface Row {
  readonly subject: string
  /** The finding, in a few words. */
  readonly found: string
  /** `partly`: works, but by weaker means. */
  readonly state: 'yes' | 'partly' | 'no'
  /** The consequence for running programs. */
  readonly meaning: string
  /** The exact command or setting that would fix it. */
  readonly fix?: string
}
