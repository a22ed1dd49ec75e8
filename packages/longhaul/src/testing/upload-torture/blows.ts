/** What was done to sessions. */
export interface Blows {
  'client cut': number
  duplicate: number
  reordered: number
  'wrong hash': number
  'no answer': number
  'disk full': number
}

export const tally = (): Blows => ({
  'client cut': 0,
  duplicate: 0,
  reordered: 0,
  'wrong hash': 0,
  'no answer': 0,
  'disk full': 0,
})

export function added(all: readonly Blows[]): Blows {
  const sum = tally()
  for (const blows of all)
    for (const name of Object.keys(sum) as (keyof Blows)[]) sum[name] += blows[name]
  return sum
}
