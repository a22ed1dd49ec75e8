const nightHour = 3

/** Until the next 3 a.m. of this host, and up to an hour more by chance: not everybody at once. */
export function msUntilNight(now: Date, chance: () => number = Math.random): number {
  const next = new Date(now)
  next.setHours(nightHour, 0, 0, 0)
  // From 3 to 4 it may have been done already.
  if (next.getTime() <= now.getTime()) next.setDate(next.getDate() + 1)
  return next.getTime() - now.getTime() + chance() * 3_600_000
}
