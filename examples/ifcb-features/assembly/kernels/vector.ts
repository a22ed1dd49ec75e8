/** Bytes of two float64. */
export const vector: usize = 16
