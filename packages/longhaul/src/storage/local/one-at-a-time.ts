const tails = new Map<string, Promise<unknown>>()

/** Runs tasks of the same name one after the other, in this process; tasks of other names are not held up. */
export function oneAtATime<T>(name: string, task: () => Promise<T>): Promise<T> {
  const before = tails.get(name) ?? Promise.resolve()
  const run = before.then(task, task)
  tails.set(name, run)
  const forget = () => {
    if (tails.get(name) === run) tails.delete(name)
  }
  run.then(forget, forget)
  return run
}
