/** A source as it is used: what a job's row shows of it, and what was sealed, together. */
export type SourceConfig = UrlConfig | S3Config | DriveConfig | LocalConfig

export interface UrlConfig {
  readonly type: 'url'
  readonly url: string
  readonly linkOnly: boolean
  /** The header's value. */
  readonly authorization?: string
}
export interface S3Config {
  readonly type: 's3'
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  /** The caller's own; never the service's. */
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}
export interface DriveConfig {
  readonly type: 'google_drive'
  /** Of a file or a folder. */
  readonly id: string
  readonly driveId?: string
  /** On whose behalf, where the key may act for others. */
  readonly subject?: string
  readonly clientEmail: string
  readonly privateKey: string
  readonly privateKeyId?: string
  readonly tokenUri: string
}
export interface LocalConfig {
  readonly type: 'local'
  readonly path: string
}

/** What may stand in a row, a log or an answer, and what may not. */
export interface SplitConfig {
  readonly shown: { readonly type: SourceConfig['type'] } & Readonly<
    Record<string, string | boolean>
  >
  readonly secrets: Readonly<Record<string, string>>
}

export const joined = ({ shown, secrets }: SplitConfig): SourceConfig =>
  ({ ...shown, ...secrets }) as unknown as SourceConfig
