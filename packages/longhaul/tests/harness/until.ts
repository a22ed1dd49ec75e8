import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for a condition, not a duration; says what it waited for when the bound is reached. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  limitMs = 30_000,
): Promise<NonNullable<T>> {
  const end = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms for ${what}`)
    await sleep(25)
  }
}
