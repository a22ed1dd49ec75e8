import { createClient, type Client, type ClientOptions } from '@longhaul/client'
import { nodeSha256 } from '@longhaul/client/node'
import type { JobView } from '@longhaul/protocol'
import type { Context } from './command.ts'
import { readProfile } from './profile.ts'
import { DeadlinePassed, UsageError } from './exit-code.ts'
import { didYouMean } from '../support/nearest.ts'

export interface ServiceChoice {
  readonly url?: string | undefined
  readonly token?: string | undefined
}

/** The service that a command talks to: --url, else LONGHAUL_URL, else that of `longhaul login`, else this machine's. */
export function openService(
  context: Context,
  { url, token }: ServiceChoice,
  how: Pick<ClientOptions, 'tries' | 'longestPauseMs'> = {},
): Client {
  const { env, output } = context
  const profile = readProfile(env)
  const address = url ?? (env['LONGHAUL_URL'] || profile?.url)
  // The key of one service is nothing for another one's eyes.
  const known = address === profile?.url ? profile?.token : undefined
  try {
    return createClient({
      ...how,
      url: address,
      token: token ?? (env['LONGHAUL_TOKEN'] || known),
      newHasher: nodeSha256,
      onRetry: (reason) => output.live(`${reason.message.split(';')[0]}; trying again`),
    })
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message)
    throw error
  }
}

const wholeId = /^(b_.*|j_[0-9a-z]{26}|[0-9a-f]{8}-[0-9a-f-]{27})$/
const searched = 1000

/** The job that was meant (or the batch, as it was named): an id, or as much of its beginning as only one recent job has. */
export async function jobIdOf(client: Client, word: string): Promise<string> {
  if (wholeId.test(word)) return word
  const found: JobView[] = []
  let seen = 0
  for await (const job of client.allJobs({ limit: 100 })) {
    if (job.job_id === word) return word
    if (job.job_id.startsWith(word)) found.push(job)
    if (++seen >= searched) break
  }
  const [only, ...others] = found
  // Unknown here may be known there: the service says it best.
  if (only === undefined) return word
  if (others.length === 0) return only.job_id
  const some = found
    .slice(0, 5)
    .map(({ job_id, processor, status }) => `\n  ${job_id}  ${processor}  ${status}`)
  throw new UsageError(`${word} begins ${found.length} job ids; give more of it:${some.join('')}`)
}

export const jobIdsOf = async (client: Client, words: readonly string[]): Promise<string[]> => {
  if (words.length === 0) throw new UsageError('Which job? Give its id; `longhaul jobs` lists them')
  return Promise.all(words.map((word) => jobIdOf(client, word)))
}

/** The one processor that a service has, or the one that was named. */
export async function processorNameOf(client: Client, name: string | undefined): Promise<string> {
  const processors = await client.processors()
  const names = processors.map((processor) => processor.name)
  const [only, ...others] = processors.filter(({ state }) => state !== 'broken')
  if (name === undefined && only !== undefined && others.length === 0) return only.name
  if (name === undefined)
    throw new UsageError(`Which processor? This service has ${names.join(', ') || 'none'}`)
  if (names.includes(name)) return name
  throw new UsageError(
    `This service has no processor ${name}${didYouMean(name, names) || `; it has ${names.join(', ') || 'none'}`}`,
  )
}

const longestTimerMs = 2 ** 31 - 1

/** Ends with Ctrl-C, or with DeadlinePassed when there is a deadline. */
export function waitSignal(context: Context, deadlineMs: number | undefined): AbortSignal {
  const interruption = context.interruption()
  if (deadlineMs === undefined) return interruption
  const deadline = new AbortController()
  const pass = (): void => deadline.abort(new DeadlinePassed('The deadline has passed'))
  const wait = (leftMs: number): void => {
    // A timer holds 2^31 ms at most and takes more for "now": a month is waited for in pieces.
    const timer =
      leftMs <= longestTimerMs
        ? setTimeout(pass, leftMs)
        : setTimeout(() => wait(leftMs - longestTimerMs), longestTimerMs)
    timer.unref()
  }
  wait(deadlineMs)
  return AbortSignal.any([interruption, deadline.signal])
}
