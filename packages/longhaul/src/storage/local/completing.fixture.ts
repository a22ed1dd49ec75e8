import type { Part, UploadRef } from '../object-store.ts'
import { openStore } from './crash.fixture.ts'

// One of several processes that complete the same upload.
const [folder = '', json = ''] = process.argv.slice(2)
const { upload, parts } = JSON.parse(json) as { upload: UploadRef; parts: Part[] }
const store = await openStore(folder)
process.stdout.write(JSON.stringify((await store.complete(upload, parts)).etag))
