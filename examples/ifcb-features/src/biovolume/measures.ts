/** What both methods answer. */
export interface Biovolume {
  /** Pixels³. */
  readonly volume: number
  /** Pixels². */
  readonly surface: number
  /** Pixels. */
  readonly representativeWidth: number
}
