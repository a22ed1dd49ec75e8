import type { Problem } from '@longhaul/protocol'

/** How `setup` went, in the process that is to be warm. */
export type RunnerState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready'; readonly warmMs: number }
  | { readonly kind: 'broken'; readonly problem: Problem }
