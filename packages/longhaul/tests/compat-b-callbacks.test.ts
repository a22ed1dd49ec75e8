import { binJobResult, systemBJob } from '@longhaul/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixture, startHttpService, type HttpService } from './harness/http-service.ts'
import { oldClientOf } from './harness/old-client.ts'
import { startReceiver, type Receiver } from './harness/receiver.ts'

let receiver: Receiver
let service: HttpService
beforeAll(async () => {
  receiver = await startReceiver()
  service = await startHttpService({ outboundAllow: ['127.0.0.1'] }, [fixture('compat-bins.ts')])
})
afterAll(async () => {
  await service.stop()
  await receiver.stop()
})

const call = oldClientOf(() => service.url)
async function storedBin(orders: object) {
  const { bucket } = service.app.services.config
  const files = ['D1.adc', 'D1.roi', 'D1.hdr'].map(
    (name) => `datasets/${JSON.stringify(orders)}/${name}`,
  )
  for (const key of files)
    await service.app.services.storage.put(key, Buffer.from(JSON.stringify(orders)))
  return { bin_id: 'D1', files: files.map((key) => `s3://${bucket}/${key}`), bytes: 1 }
}

it('[B.8.3 Y.2.23] tells the result at the top, with the status beside it, also of a failure', async () => {
  const submit = async (orders: object, path: string) => {
    const manifest_inline = { bins: [await storedBin(orders)] }
    const callback_url = receiver.url + path
    const { job_id } = await call('', 'b.submit_job', { manifest_inline, callback_url })
    const [first] = await receiver.at(path)
    const { json } = await service.call(`GET /jobs/${job_id}`)
    return { job: systemBJob.strict().parse(json), body: first?.json as object }
  }
  const done = await submit({ rois: 3 }, '/done')
  expect(binJobResult.parse(done.body)).toEqual(done.job.result)
  expect(done.body).toMatchObject({ ...done.job, type: 'job.completed' })
  const failed = await submit({ fail: 'bad roi' }, '/failed')
  expect(failed.body).toMatchObject({ status: 'failed', result: null, type: 'job.failed' })
  expect(failed.body).toMatchObject({ error: expect.stringContaining('bad roi') as string })
})

it('[B.8.4] does not call where it must not', async () => {
  const manifest_inline = { bins: [await storedBin({})] }
  for (const callback_url of ['http://169.254.169.254/', 'http://10.0.0.1/x', 'file:///etc/passwd'])
    expect(await call('', 'b.submit_job', { manifest_inline, callback_url })).toMatchObject({
      raised: 'APIError',
      text: expect.stringMatching(/^422 .*callback_url/) as string,
    })
})
