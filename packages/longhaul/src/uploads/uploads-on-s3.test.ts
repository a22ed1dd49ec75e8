/** The suites of uploads and ingests once more, on a real S3 server that takes parts of any size. */
import { afterAll, describe, it } from 'vitest'
import { s3Storage } from '../storage/s3/index.ts'
import { startTestSwift } from '../testing/servers/swift.ts'
import { useStorage } from './uploads.fixture.ts'

const swift = await startTestSwift({ minPartBytes: 1 })
if (swift) {
  afterAll(() => swift.stop())
  useStorage(async () =>
    s3Storage({
      ...swift.s3,
      bucket: await swift.newBucket(),
      capabilities: { limits: { minPartBytes: 1 } },
    }),
  )
  await import('./uploads.test.ts')
  await import('./ingest.test.ts')
  await import('./append-upload.test.ts')
} else describe.skip('uploads on S3', () => it('is not tested: Swift is not installed', () => {}))
