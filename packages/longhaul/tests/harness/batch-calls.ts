import { batchItemList, batchView, isBatchFinished, type BatchItemView } from '@longhaul/protocol'
import { createHash } from 'node:crypto'
import path from 'node:path'
import { expect } from 'vitest'
import type { Call, HttpService } from './http-service.ts'
import { until } from './until.ts'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What tests of batches ask of a service; every answer is checked against the protocol. */
export function batchCalls(service: () => HttpService) {
  let flags = 0
  const read = async (id: string) =>
    batchView.strict().parse((await service().call(`GET /batches/${id}`)).json)
  const uriOf = (key: string) => `s3://${service().app.services.storage.bucket}/${key}`
  return {
    read,
    uriOf,
    async put(key: string, text: string): Promise<string> {
      await service().app.services.storage.put(key, Buffer.from(text))
      return uriOf(key)
    },
    async create(processor: string, json: object, call: Call = {}) {
      const answer = await service().call(`POST /processors/${processor}/batches`, {
        json,
        ...call,
      })
      expect(answer.status, answer.text).toBe(201)
      return batchView.strict().parse(answer.json)
    },
    ended: (id: string) =>
      until(`the end of ${id}`, async () => {
        const batch = await read(id)
        return isBatchFinished(batch.status) ? batch : undefined
      }),
    async itemsOf(id: string, query = ''): Promise<BatchItemView[]> {
      const answer = await service().call(`GET /batches/${id}/items?${query}`)
      expect(answer.status, answer.text).toBe(200)
      return batchItemList.strict().parse(answer.json).items
    },
    flagFile: () => path.join(service().folder, `flag-${(flags += 1)}`),
  }
}
