import { systemBJob } from '@longhaul/protocol'
import { parquetMetadata } from 'hyparquet'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readBytesWithBoth } from '../src/writers/parquet/read-parquet.fixture.ts'
import { fixture, startHttpService, type HttpService } from './harness/http-service.ts'
import { filesIn, oldClientOf, type FilesIn } from './harness/old-client.ts'

let service: HttpService
let make: FilesIn
beforeAll(async () => {
  service = await startHttpService({}, [fixture('compat-bins-class.ts')])
  make = filesIn(service.folder)
})
afterAll(() => service.stop())

it('[B.7] writes one table of all bins, which two readers of Parquet find equal, cell by cell', async () => {
  const call = oldClientOf(() => service.url)
  const binOf = (name: string, rois: number) => [
    make(`${name}.adc`, 'adc'),
    make(`${name}.roi`, 'roi'),
    make(`${name}.hdr`, JSON.stringify({ rois })),
  ]
  const bins = { D1: binOf('D1', 2), D2: binOf('D2', 3) }
  const { job } = await call('', 'b.upload_bins', { bins })
  const { result } = systemBJob
    .strict()
    .parse(await call('', 'b.wait_for_job', { job_id: job.job_id }))
  expect(result?.counts).toEqual({ bins: 2, rois: 5, masks: 3 })
  expect(result?.features).toEqual({
    format: 'parquet',
    uris: [expect.stringMatching(/\/features\/part-0000\.parquet$/)],
    schema: {
      bin_id: 'string',
      roi_number: 'int64',
      area: 'float64',
      pixels: 'int64',
      label: 'string',
    },
  })
  const url = `${service.url}/jobs/${job.job_id}/outputs/features/part-0000.parquet`
  const file = await (await fetch(url)).arrayBuffer()
  const columns = parquetMetadata(file).schema.slice(1)
  expect(columns.map(({ name, type }) => [name, type])).toEqual([
    ['bin_id', 'BYTE_ARRAY'],
    ['roi_number', 'INT64'],
    ['area', 'DOUBLE'],
    ['pixels', 'INT64'],
    ['label', 'BYTE_ARRAY'],
  ])
  // As the specification has them: all rows of all bins, one after the other.
  const rows = [
    ['D1', 2],
    ['D2', 3],
  ].flatMap(([bin_id, rois]) =>
    Array.from({ length: Number(rois) }, (_, n) => ({
      bin_id,
      roi_number: BigInt(n + 1),
      area: n === 0 ? NaN : (n + 1) / 4,
      pixels: BigInt((n + 1) * 10),
      label: `${bin_id} ö`,
    })),
  )
  const { hyparquet, arrow } = await readBytesWithBoth(Buffer.from(file))
  expect(hyparquet).toEqual(rows)
  expect(arrow).toEqual(rows)
})
