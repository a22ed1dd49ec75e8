/**
 * lost: acknowledged, and no end. doubled: two ends, two publications, or two attempts at once. leaked: something was
 * left behind. drifted: counters differ from what they count. late: running longer than a lease and a sweep with nobody
 * at it. wrong: an end that is not the right one.
 */
export interface Finding {
  readonly kind: 'lost' | 'doubled' | 'leaked' | 'drifted' | 'late' | 'wrong'
  readonly what: string
}
