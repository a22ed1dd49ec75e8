import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { objectStoreConformance } from '../object-store.conformance.ts'
import { localStorage } from './index.ts'

objectStoreConformance('local', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'longhaul-store-'))
  const storage = await localStorage({
    root,
    bucket: 'test',
    secretFile: path.join(root, 'secret'),
  })
  return { storage, stop: () => rm(root, { recursive: true }) }
})
