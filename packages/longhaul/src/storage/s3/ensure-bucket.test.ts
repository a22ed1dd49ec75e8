import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { s3Storage } from './index.ts'

it('[C.8.8] makes no bucket because looking at it was refused', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.method ?? '')
    response.writeHead(403).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await expect(
      s3Storage({
        ...{ endpoint: `http://127.0.0.1:${port}`, publicEndpoint: undefined, bucket: 'private' },
        ...{ accessKey: 'a', secretKey: 'b', region: 'us-east-1' },
      }),
    ).rejects.toMatchObject({ code: 'unavailable' })
    expect(new Set(asked)).toEqual(new Set(['HEAD']))
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
