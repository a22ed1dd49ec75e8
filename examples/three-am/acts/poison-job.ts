import { setTimeout as sleep } from 'node:timers/promises'
import type { Act } from '../act.ts'
import { hasEnded, type Night } from '../night.ts'

/** Files that kill the process that decodes them. */
export async function poisonJob(night: Night): Promise<Act> {
  const bombs: string[] = []
  for (let n = 1; n <= 8; n++) bombs.push(await night.submit('decode', { frame: `corrupt-${n}` }))
  const [first = ''] = bombs
  await night.jobWhen(first, hasEnded)
  const answer = await night.type('why', first)
  const cure = ['cancel', '--status', 'queued,running', '--processor', 'decode', '--since', '1h']
  await night.cure(...cure, '--yes')
  const ended = await Promise.all(bombs.map((id) => night.jobWhen(id, hasEnded)))
  const attempts = (jobs: readonly { attempt: number }[]): number =>
    jobs.reduce((sum, { attempt }) => sum + attempt, 0)
  await sleep(1500) // what was not stopped would have started again by now
  const later = await Promise.all(bombs.map((id) => night.job(id)))
  const good = await night.submit('decode', { frame: 'fine-1' })
  return {
    title: 'A job kills whoever touches it',
    trouble: 'eight corrupt frames, each of which crashes the process that decodes it',
    question: `longhaul why ${first}`,
    answer: answer.text,
    cure: `longhaul ${cure.join(' ')} --yes`,
    checks: [
      {
        says: 'why says that its process was lost three times',
        holds: /worker-lost/.test(answer.text) && ended[0]?.lost === 3,
      },
      {
        says: 'the service had stopped trying by itself after three',
        holds: ended[0]?.status === 'failed' && ended[0].attempt === 3,
      },
      {
        says: 'the others are cancelled and start no more',
        holds:
          ended.filter(({ status }) => status === 'cancelled').length >= 5 &&
          attempts(later) === attempts(ended),
      },
      {
        says: 'a good frame is decoded',
        holds: (await night.jobWhen(good, hasEnded)).status === 'completed',
      },
    ],
  }
}
