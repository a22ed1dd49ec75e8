import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readWithBoth } from '../src/writers/parquet/read-parquet.fixture.ts'
import { startHttpService, type HttpService } from './harness/http-service.ts'
import { hasPython } from './harness/python.ts'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`./fixtures/parquet/${name}`, import.meta.url))
const python = hasPython()
const bins = ['D20260801T000000_IFCB999', 'D20260801T002000_IFCB999']
const rois = 30

let service: HttpService
beforeAll(async () => {
  const files = [fixture('features.ts'), ...(python ? [fixture('features.py')] : [])]
  service = await startHttpService({}, files)
})
afterAll(() => service.stop())

/** The table as the author of the fixtures meant it. */
const expected = bins.flatMap((bin_id) =>
  Array.from({ length: rois }, (_, index) => ({
    bin_id,
    roi_number: BigInt(index + 1),
    area: (index + 1) % 5 === 0 ? NaN : (index + 1) / 4,
    note: index === 0 ? 'erste µ' : null,
  })),
)

describe.each([
  ['features', ['features/part-0000.parquet', 'plain_00000.parquet']],
  ...(python ? [['features-in-python', ['features/part-0000.parquet']] as const] : []),
] as const)('a job of %s', (processor, tables) => {
  it('leaves tables that foreign readers read, as whoever downloads them gets them', async () => {
    const input = { bins, rois }
    const posted = await service.call(`POST /processors/${processor}/jobs`, { json: { input } })
    const job = await service.ended(posted.json.job_id as string)
    expect(job).toMatchObject({ status: 'completed', result: { rows: expected.length } })
    const { json } = await service.call(`GET /jobs/${job.job_id}/outputs`)
    expect(json.outputs).toMatchObject(
      tables.map((name) => ({ name, content_type: 'application/vnd.apache.parquet' })),
    )
    for (const name of tables) {
      const answer = await fetch(`${service.url}/jobs/${job.job_id}/outputs/${name}`)
      const file = path.join(service.folder, 'downloaded.parquet')
      await writeFile(file, Buffer.from(await answer.arrayBuffer()))
      const { hyparquet, arrow } = await readWithBoth(file)
      expect(hyparquet).toEqual(expected)
      expect(arrow).toEqual(expected)
    }
  })
})
