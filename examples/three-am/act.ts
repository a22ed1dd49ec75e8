/** One trouble of the night, from what the operator notices to the check that it is over. */
export interface Act {
  readonly title: string
  /** What the demo did to the service. */
  readonly trouble: string
  readonly question: string
  /** What the command printed. */
  readonly answer: string
  /** The one line that the operator types. */
  readonly cure: string
  readonly checks: readonly Check[]
}
export interface Check {
  readonly says: string
  readonly holds: boolean
}
