/**
 * Runs what it is given one after the other, in the order of the calls. After a failure every later call fails like it:
 * nothing is appended to a file that may be damaged. A TypeError is a refusal, after which the file is as before.
 */
export function inTurn(): (work: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error
    })
    last.catch(() => undefined) // whoever awaits `mine` hears of it
    return mine
  }
}
