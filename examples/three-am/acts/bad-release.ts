import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Act } from '../act.ts'
import { hasEnded, type Night } from '../night.ts'

/** A new version of a processor fails every job. */
export async function badRelease(night: Night): Promise<Act> {
  const before = await submitSome(night)
  await Promise.all(before.map((id) => night.jobWhen(id, hasEnded)))
  await deploy(night, '2.0')
  const failing = await submitSome(night)
  const failed = await Promise.all(failing.map((id) => night.jobWhen(id, hasEnded)))
  const answer = await night.type('status')
  await deploy(night, '1.0')
  const retry = ['retry', '--status', 'failed', '--processor', 'thumbs', '--since', '1h', '--yes']
  const cured = await night.cure(...retry)
  const ended = await Promise.all(
    failing.map((id) => night.jobWhen(id, ({ status }) => status === 'completed')),
  )
  return {
    title: 'A release is bad',
    trouble: 'thumbs 2.0 is deployed; every job of it fails',
    question: 'longhaul status',
    answer: answer.text,
    cure: `thumbs 1.0 is deployed again, then: longhaul ${retry.join(' ')}`,
    checks: [
      {
        says: 'every job of 2.0 had failed, none of 1.0',
        holds: failed.every(({ status, version }) => status === 'failed' && version === '2.0'),
      },
      {
        says: 'status counts them and says that this is new with 2.0',
        holds: answer.text.includes(`${failing.length} × transient in thumbs 2.0, new with 2.0`),
      },
      {
        says: 'all of them completed under their old ids',
        holds: cured.code === 0 && ended.every(({ status }) => status === 'completed'),
      },
    ],
  }
}

async function submitSome(night: Night): Promise<readonly string[]> {
  const ids: string[] = []
  for (let n = 1; n <= 5; n++) ids.push(await night.submit('thumbs', { width: n * 64 }))
  return ids
}

/** As a deployment does it: the API and the workers that have this processor are started anew. */
async function deploy(night: Night, version: string): Promise<void> {
  await writeFile(path.join(night.folder, 'release.txt'), `${version}\n`)
  await Promise.all([night.program('api').stop(), night.program('day').stop()])
  await Promise.all([night.startApi(), night.startWorker('day', 'thumbs.ts', 'decode.ts')])
}
