/**
 * A laptop that slept, or a clock that was set forward, makes every lease look expired at once, while the workers are
 * alive and about to touch. Answers whether sweep should leave leases alone: for one lease after such a jump, seen as
 * database time that passed without the machine's own running time.
 */
export function clockJumpGuard(
  leaseMs: number,
  monotonicMs: () => number = () => performance.now(),
): (databaseNow: number) => boolean {
  let last: { readonly database: number; readonly monotonic: number } | undefined
  let waitUntil = Number.NEGATIVE_INFINITY
  return (databaseNow) => {
    const monotonic = monotonicMs()
    if (last !== undefined) {
      const unseenMs = databaseNow - last.database - (monotonic - last.monotonic)
      if (unseenMs > leaseMs / 2) waitUntil = monotonic + leaseMs
    }
    last = { database: databaseNow, monotonic }
    return monotonic < waitUntil
  }
}
