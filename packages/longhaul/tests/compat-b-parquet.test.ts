import { systemBJob } from '@longhaul/protocol'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixture, startHttpService, type HttpService } from './harness/http-service.ts'
import { filesIn, oldClientOf, type FilesIn } from './harness/old-client.ts'

let service: HttpService
let make: FilesIn
beforeAll(async () => {
  service = await startHttpService({}, [fixture('compat-bins-class.ts')])
  make = filesIn(service.folder)
})
afterAll(() => service.stop())

it('[B.7] writes one table of all bins, which any reader of Parquet reads', async () => {
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
  const compressors = { ZSTD: (input: Uint8Array) => new Uint8Array(zstdDecompressSync(input)) }
  const rows = await parquetReadObjects({ file, compressors })
  expect(rows).toEqual(
    [
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
    ),
  )
})
