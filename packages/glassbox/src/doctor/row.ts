/** What one look at the host found. */

export interface Row {
  readonly subject: string
  /** What is there, in a few words. */
  readonly found: string
  /** `partly`: works, with a weaker means. */
  readonly state: 'yes' | 'partly' | 'no'
  /** What that means for running programs. */
  readonly meaning: string
  /** The exact command or setting that would change it. */
  readonly fix?: string
}
