import type { Services } from '../app/services.ts'
import type { Job } from '../jobs/job.ts'

const pageSize = 1000

/** Whether the store still has every output of a completed job. Costs one listing per thousand of them. */
export async function outputsAreThere(
  { storage, config }: Pick<Services, 'storage' | 'config'>,
  job: Job,
): Promise<boolean> {
  const missing = new Map((job.result?.outputs ?? []).map(({ key, size }) => [key, size]))
  const prefix = `${config.resultsPrefix}/${job.id}/`
  for (let after: string | undefined; missing.size > 0;) {
    const page = await storage.list(prefix, {
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    })
    for (const { key, size } of page.objects) if (missing.get(key) === size) missing.delete(key)
    if (page.next === undefined) break
    after = page.next
  }
  return missing.size === 0
}
