import type { Readable } from 'node:stream'

/**
 * Where bytes live: three small contracts, one per ability, so that a backend says what it can do. Keys are relative,
 * `/`-separated, and never paths: each backend contains them, and refuses with 'invalid-file-name' what it cannot hold.
 * Deliberately absent: directories, metadata search, locks.
 */
export interface ObjectStore {
  /** Name used in `s3://<bucket>/<key>` URIs. */
  readonly bucket: string
  /** Whole or not at all: a reader never sees half an object; durable when it resolves. */
  put(key: string, body: Bytes, options?: PutOptions): Promise<ObjectInfo>
  /**
   * Throws 'object-not-found', or 'range-not-satisfiable'. `end` is inclusive, as in HTTP. The body is of one version,
   * whatever is put meanwhile; read it to its end or destroy it.
   */
  get(
    key: string,
    range?: ByteRange,
  ): Promise<{ readonly info: ObjectInfo; readonly body: Readable }>
  head(key: string): Promise<ObjectInfo | undefined>
  /** Keys in byte order, after `after`. */
  list(
    prefix: string,
    page: { readonly after?: string; readonly limit: number },
  ): Promise<{ readonly objects: readonly ObjectInfo[]; readonly next?: string }>
  copy(from: string, to: string): Promise<ObjectInfo>
  /** Missing keys are no error. */
  delete(keys: readonly string[]): Promise<void>
  /** Makes the object a local file without a second copy (link or reflink) where the backend can; else absent. */
  materialize?(key: string, path: string): Promise<ObjectInfo>
  /** Free bytes, where the backend can tell; undefined means "as much as you like". */
  freeBytes(): Promise<{ readonly free: number; readonly total: number } | undefined>
}

/** A function gives the same bytes again from the start, so that a store may try once more; what is consumed is gone. */
export type Bytes =
  Uint8Array | Readable | AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>)
export interface ByteRange {
  readonly start: number
  readonly end?: number | undefined
}
export interface PutOptions {
  readonly mediaType?: string
  /** Refused with 'checksum-mismatch' when the bytes have another SHA-256 (hex). */
  readonly sha256?: string
  readonly signal?: AbortSignal
}
export interface ObjectInfo {
  readonly key: string
  readonly size: number
  /** Quoted, as HTTP wants it. */
  readonly etag: string
  readonly lastModified: Date
  readonly mediaType: string
  /** Hex, where known. */
  readonly sha256?: string
}

/** Large objects in parts, any order, atomically published by `complete`. */
export interface MultipartUploads {
  readonly limits: {
    readonly minPartBytes: number
    readonly maxPartBytes: number
    readonly maxParts: number
    readonly equalParts: boolean
  }
  /** `partBytes`: what every part but the last will have, which lets some stores put them in place at once. */
  begin(
    key: string,
    options?: { readonly mediaType?: string; readonly partBytes?: number },
  ): Promise<string>
  /**
   * Replaces an earlier part of that number, once all bytes are there; durable when it resolves. Throws 'invalid-part' for
   * another number of bytes than `sizeBytes`, 'checksum-mismatch', 'upload-not-found', 'upload-complete'. Say `sizeBytes` of parts beyond 16 MiB:
   * some stores want it beforehand.
   */
  putPart(
    upload: UploadRef,
    partNumber: number,
    body: Bytes,
    options?: {
      readonly sizeBytes?: number
      /** Hex. */
      readonly sha256?: string
      readonly signal?: AbortSignal
    },
  ): Promise<Part>
  /** Takes a local file as the next bytes without a second copy where the backend can (link, then unlink by the caller). */
  putFile?(upload: UploadRef, partNumber: number, path: string): Promise<Part>
  /** Throws 'upload-not-found'. Ascending part numbers. */
  listParts(upload: UploadRef): Promise<readonly Part[]>
  /**
   * Publishes the concatenation. Idempotent: after success it answers the same again, and may refuse other parts with
   * 'upload-complete'. Throws 'invalid-part', 'upload-not-found', 'checksum-mismatch'; the upload then goes on. A store that
   * does not know the digest of the whole relies on those of the parts.
   */
  complete(
    upload: UploadRef,
    parts: readonly { readonly partNumber: number; readonly etag: string }[],
    options?: { readonly sha256?: string },
  ): Promise<ObjectInfo>
  /** Unknown uploads are no error. */
  abort(upload: UploadRef): Promise<void>
  listUploads(prefix: string): AsyncIterable<UploadRef & { readonly startedAt: Date }>
}

/**
 * Uploads that grow at their end, for clients that send a stream and go on where it broke off. Begun and completed as
 * those in parts are, and with `partBytes`; never fed both ways.
 */
export interface AppendedUploads {
  /** How much has come, durably. Throws 'upload-not-found'. */
  appendedBytes(upload: UploadRef): Promise<number>
  /**
   * Takes bytes on from `offset`, the end, and answers the new end; durable when it resolves. Throws
   * 'upload-offset-mismatch' with the right one, before a byte is read. When the body breaks off, what came is made durable
   * before the error is passed on; with `whole` nothing of it counts. One at a time: that is the caller's affair, and
   * `current` throws when somebody else has taken over.
   */
  append(upload: UploadRef, offset: number, body: Bytes, options?: AppendOptions): Promise<number>
  /** The parts that everything appended makes, for `complete`. */
  partsOfAppended(upload: UploadRef): Promise<readonly Part[]>
  /**
   * One object of several, in this order, without a second copy of their bytes where the store can. They may be deleted
   * afterwards. Throws 'object-not-found'.
   */
  concatenate(
    from: readonly string[],
    to: string,
    options?: { readonly mediaType?: string; readonly sha256?: string },
  ): Promise<ObjectInfo>
}
export interface AppendOptions {
  /** Of the session, where the size is known; else the store chooses parts that grow. */
  readonly partBytes?: number
  readonly whole?: boolean
  readonly current?: () => Promise<void>
  readonly signal?: AbortSignal
}

export interface UploadRef {
  readonly key: string
  readonly uploadId: string
}
export interface Part {
  readonly partNumber: number
  /** Quoted. */
  readonly etag: string
  readonly size: number
  readonly sha256?: string
  /** When it came, where a listing tells. */
  readonly storedAt?: Date
}

/** URLs that carry their own permission. */
export interface UrlSigner {
  /** A PUT of one part; bound to upload, part, size limit and expiry. */
  partUrl(
    upload: UploadRef,
    partNumber: number,
    options: {
      readonly expiresInSeconds: number
      readonly maxBytes: number
      readonly baseUrl: string
    },
  ): string | Promise<string>
  /** A GET of one object. */
  objectUrl(
    key: string,
    options: {
      readonly expiresInSeconds: number
      readonly baseUrl: string
      readonly fileName?: string
    },
  ): string | Promise<string>
}

/** What a request with a signed URL may do. Throws 'signature-invalid', 'signature-expired'. */
export interface SignedUrls {
  checkPart(url: {
    readonly uploadId: string
    readonly partNumber: string
    readonly query: Readonly<Record<string, unknown>>
  }): { readonly upload: UploadRef; readonly partNumber: number; readonly maxBytes: number }
  checkObject(url: { readonly key: string; readonly query: Readonly<Record<string, unknown>> }): {
    readonly key: string
    readonly fileName: string | undefined
  }
}

/** What the app chooses once and hands to the features. */
export interface Storage extends ObjectStore, MultipartUploads, AppendedUploads, UrlSigner {
  /** Where longhaul itself serves the URLs that the store signs; elsewhere they lead to the store. */
  readonly signedUrls?: SignedUrls
}
