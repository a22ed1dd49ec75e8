import type { Outbound } from '../outbound/index.ts'
import type { InputOf, InputSpec } from '../processor/index.ts'
import type { ByteSize } from '../support/byte-size.ts'
import type { Duration } from '../support/duration.ts'

/** Where the API is and who pays: settings of the operator, see `ASSET_API_URL` and `ASSET_API_KEY`. */
export interface AssetApi {
  readonly url: string
  /** Belongs into the request and nowhere else. */
  readonly key: string
}

/** One asset, fetched, and what is known about it. */
export interface AssetCall<P extends InputSpec = InputSpec> {
  /** Its bytes; read from disk while they are sent. */
  readonly asset: File
  readonly url: string
  /** What a request says besides the asset. */
  readonly parameters: InputOf<P>
  readonly api: AssetApi
  /** The same for every call about this job: an API that knows it charges once, even if its answer was lost on the way. */
  readonly idempotencyKey: string
}

/** What is sent to the API; its answer's body is the processed asset. */
export interface ApiRequest {
  /** After the API's URL: `/segment`. */
  readonly path: string
  /** @default POST */
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as `multipart/form-data`. */
  readonly form?: Readonly<Record<string, string | Blob>>
  /** Instead of a form. */
  readonly body?: string | Blob
}

export interface OperationOptions<P extends InputSpec> {
  /** Of one asset: the processor's name and the path `/api/v1/<name>`. */
  readonly name: string
  /** Of several: `/api/v1/<plural>` and `/api/v2/<plural>`. */
  readonly plural: string
  /** Other names for the same, each with its plural. */
  readonly aliases?: readonly { readonly name: string; readonly plural: string }[]
  readonly version?: string
  readonly description?: string
  /** What the asset's server must call it, such as `image/*`. @default anything */
  readonly accepts?: string
  /** What the API answers with, such as `image/png`. */
  readonly answers: string
  /** What a request may say besides the asset, in its `parameters`. @default {} */
  readonly parameters?: P
  /** How the API is asked. Called once for each attempt that has no stored answer. */
  readonly request: (call: AssetCall<P>) => ApiRequest | Promise<ApiRequest>
  readonly files?: {
    /** Of the answer about one asset. @default `<name>.<ending>` */
    readonly single?: string
    /** Of the ZIP. @default `<plural>.zip` */
    readonly archive?: string
    /** Begins the names in the ZIP: `<entry>_<n>_…`. @default asset */
    readonly entry?: string
  }
  /** Assets at once, on all machines together. @default OPERATION_CONCURRENCY, 10 */
  readonly concurrency?: number
  /** Attempts that begin in a minute, on all machines together. @default no limit */
  readonly ratePerMinute?: number
  /** How often what may pass is tried, and the pause before the second try, doubled for each one after. @default 4 times, 2 s */
  readonly retry?: { readonly attempts?: number; readonly delay?: Duration }
  /** Of the whole fetch. @default '10 s' */
  readonly fetchTimeout?: Duration
  /** Of one call to the API. @default '30 s' */
  readonly callTimeout?: Duration
  /** @default '32 MB' */
  readonly maxAssetSize?: ByteSize
  /** @default '128 MB' */
  readonly maxAnswerSize?: ByteSize
  /** In one request to v2; v1 waits for its assets, and takes ten at most. @default 10 */
  readonly maxAssets?: number
  /** How long the URL of a result holds. @default '1 h' */
  readonly urlLifetime?: Duration
}

/** An operation with everything filled in. */
export interface Operation {
  readonly name: string
  readonly accepts: string
  readonly answers: string
  readonly request: (call: AssetCall) => ApiRequest | Promise<ApiRequest>
  readonly retryDelayMs: number
  readonly fetchTimeoutMs: number
  readonly callTimeoutMs: number
  readonly maxAssetBytes: number
  readonly maxAnswerBytes: number
}

/** What only the service has. */
export interface OperationHost {
  readonly outbound: Outbound
  readonly api: AssetApi
}

/** The field of an operation's input that names its asset. */
export const assetField = 'digital_asset_url'
