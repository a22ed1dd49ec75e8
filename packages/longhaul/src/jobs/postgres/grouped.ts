import { isLonghaulError } from '../../errors/index.ts'

/** What one of a group's calls came to. */
export type Answer<Result> = { readonly value: Result } | { readonly error: unknown }

/**
 * One transaction for the calls that arrive while another is under way: one wait for the disk pays for many. A call that
 * fails takes nobody along: where a group fails, each of it is tried alone.
 */
export function grouped<Call, Result>(
  run: (calls: readonly Call[]) => Promise<readonly Answer<Result>[]>,
  maxCalls = 100,
): (call: Call) => Promise<Result> {
  interface Waiting {
    readonly call: Call
    readonly resolve: (result: Result) => void
    readonly reject: (error: unknown) => void
  }
  const waiting: Waiting[] = []
  let running = false

  const runGroup = async (group: readonly Waiting[]): Promise<void> => {
    try {
      const answers = await run(group.map(({ call }) => call))
      group.forEach(({ resolve, reject }, index) => {
        const answer = answers[index]
        if (answer !== undefined && 'value' in answer) resolve(answer.value)
        else reject(answer?.error)
      })
    } catch (error) {
      if (group.length === 1 || isLonghaulError(error, 'unavailable'))
        for (const { reject } of group) reject(error)
      else for (const one of group) await runGroup([one])
    }
  }
  const drain = async (): Promise<void> => {
    running = true
    // Whatever else this turn of the event loop asks for belongs to the group.
    await new Promise<void>((done) => setImmediate(done))
    while (waiting.length > 0) await runGroup(waiting.splice(0, maxCalls))
    running = false
  }
  return (call) =>
    new Promise<Result>((resolve, reject) => {
      waiting.push({ call, resolve, reject })
      if (!running) void drain()
    })
}
