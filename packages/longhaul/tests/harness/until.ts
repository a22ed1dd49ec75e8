import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits for a condition, not a duration; says what it waited for when the bound is reached. Asks less and less often: a
 * question costs the same machine that has to do what is waited for.
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  limitMs = 60_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + limitMs
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 1.25, 200)) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms for ${what}`)
    await sleep(pauseMs)
  }
}
