/**
 * Named places where a crash or an error would hurt most. `longhaul torture` hooks them and dies there;
 * otherwise each call is one comparison with undefined.
 */
export const faultPoints = [
  'engine.before-commit',
  'engine.after-commit',
  'store.before-fsync',
  'store.after-fsync',
  'store.before-rename',
  'store.after-rename',
  'worker.checkpoint-after-flush',
  'worker.checkpoint-after-files',
  'worker.checkpoint-after-save',
  'worker.before-publishing',
  'worker.after-publishing',
  'worker.before-complete-output',
  'worker.after-complete-output',
  'worker.before-settle',
  'worker.after-settle',
] as const
export type FaultPoint = (typeof faultPoints)[number]

let hook: ((point: FaultPoint) => void) | undefined

export function faultPoint(point: FaultPoint): void {
  hook?.(point)
}

/** Installs the hook of this process; undefined removes it. May throw or kill the process. */
export function onFaultPoint(handler: ((point: FaultPoint) => void) | undefined): void {
  hook = handler
}
