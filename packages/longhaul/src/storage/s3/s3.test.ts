import { describe } from 'vitest'
import { startTestSwift } from '../../testing/servers/swift.ts'
import { objectStoreConformance } from '../object-store.conformance.ts'
import { s3Storage } from './index.ts'

const swift = await startTestSwift()

describe.skipIf(!swift)('on OpenStack Swift', () => {
  if (!swift) return
  objectStoreConformance('s3', async () => ({
    storage: await s3Storage({ ...swift.s3, bucket: await swift.newBucket() }),
    stop: () => swift.stop(),
  }))
})
