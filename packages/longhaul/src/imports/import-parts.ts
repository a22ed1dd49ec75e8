import type { Database } from '../database/database.ts'
import type { JobEngine } from '../jobs/engine.ts'
import type { Outbound } from '../outbound/index.ts'
import type { Storage } from '../storage/index.ts'
import type { Uploads } from '../uploads/uploads.ts'
import type { SourceSettings } from './open-source.ts'
import type { SplitConfig } from './source-config.ts'
import type { Tuning } from './tuning.ts'

/** What imports work with; made by the app. */
export interface ImportParts {
  readonly database: Database
  readonly engine: JobEngine
  readonly storage: Storage
  readonly uploads: Uploads
  readonly outbound: Outbound
  readonly config: SourceSettings
  /** Absent: no secret can be kept here. */
  readonly secretKey: Buffer | undefined
  readonly tuning: Tuning
}

export const importName = 'longhaul.import'

/** What a job's row holds of an import. */
export interface ImportInput {
  readonly source: SplitConfig['shown']
  /** Says that there are credentials, and nothing about them. */
  readonly credentials?: string
  readonly filename?: string
}
