import { fastify } from 'fastify'
import { connect } from 'node:net'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { serializerCompiler, validatorCompiler } from '../http/validation.ts'
import { signedUrlRoutes } from './routes-signed.ts'
import { openUploads } from './uploads.fixture.ts'

it('lets go of a client that falls silent in the middle of a part', async () => {
  await using test = await openUploads()
  const { storage, uploads } = test
  const server = fastify()
  server.setValidatorCompiler(validatorCompiler)
  server.setSerializerCompiler(serializerCompiler)
  const { signedUrls } = storage
  if (!signedUrls) throw new Error('The local store signs its URLs itself')
  await server.register(signedUrlRoutes, {
    services: { storage, uploads },
    signedUrls,
    silenceMs: 100,
  })
  try {
    const baseUrl = await server.listen({ host: '127.0.0.1', port: 0 })
    const upload = { key: 'a', uploadId: await storage.begin('a') }
    const url = new URL(
      await storage.partUrl(upload, 1, { expiresInSeconds: 60, maxBytes: 1000, baseUrl }),
    )
    const socket = connect(Number(url.port), '127.0.0.1')
    socket.write(
      `PUT ${url.pathname}${url.search} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx`,
    )
    // The server ends it; should it not, the test runs into its own time.
    await new Promise<void>((resolve) => socket.once('close', () => resolve()).resume())
    await server.close()
    expect(await storage.listParts(upload)).toEqual([])
    expect(await readdir(path.join(test.folder, 'objects/.longhaul/tmp'))).toEqual([])
  } finally {
    await server.close()
  }
})
