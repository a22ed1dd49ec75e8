import type { Database } from '../database/database.ts'
import type { ImportFileRow } from './import-statements.ts'
import type { FoundFile } from './source.ts'

/** The files of one import and how far each is, in the database: what an attempt that follows begins with. */
export class ImportFiles {
  readonly #database: Database
  readonly #jobId: string

  constructor(database: Database, jobId: string) {
    this.#database = database
    this.#jobId = jobId
  }

  all(): Promise<readonly ImportFileRow[]> {
    return this.#database.read<ImportFileRow>('import.files', [this.#jobId])
  }

  /** Those of a listing that was cut come again. */
  async find(files: AsyncIterable<FoundFile>): Promise<void> {
    await this.#write('import.unlist')
    let position = 0
    let page: FoundFile[] = []
    for await (const file of files) {
      page.push(file)
      if (page.length < 500) continue
      await this.#insert(page, position)
      position += page.length
      page = []
    }
    await this.#insert(page, position)
    await this.#write('import.listed')
  }

  async #insert(files: readonly FoundFile[], from: number): Promise<void> {
    await this.#database.write(
      files.map(({ place, name, sizeBytes, mediaType, version, ranged, md5, error }, n) => ({
        statement: 'import.find',
        params: [
          ...[this.#jobId, from + n, place, name, sizeBytes ?? null, mediaType ?? null],
          ...[version ?? null, ranged ? 1 : 0, md5 ?? null],
          ...[error === undefined ? 'found' : 'failed', error ?? null],
        ],
      })),
    )
  }

  foundAgain(position: number, file: FoundFile): Promise<void> {
    const { sizeBytes = null, mediaType = null, version = null, ranged, md5 = null } = file
    const params = [sizeBytes, mediaType, version, ranged ? 1 : 0, md5, this.#jobId, position]
    return this.#database.write([{ statement: 'import.found-again', params }])
  }

  opened(position: number, uploadId: string, storeUploadId: string): Promise<void> {
    const params = [uploadId, storeUploadId, this.#jobId, position]
    return this.#database.write([{ statement: 'import.open', params }])
  }

  done(
    position: number,
    sizeBytes: number,
    uri: string,
    sha256: string | undefined,
  ): Promise<void> {
    const params = [sizeBytes, uri, sha256 ?? null, this.#jobId, position]
    return this.#database.write([{ statement: 'import.done', params }])
  }

  failed(position: number, error: string): Promise<void> {
    const params = [error, this.#jobId, position]
    return this.#database.write([{ statement: 'import.failed', params }])
  }

  #write(statement: string): Promise<void> {
    return this.#database.write([{ statement, params: [this.#jobId] }])
  }
}

export const foundFile = (row: ImportFileRow): FoundFile => ({
  place: row.place,
  name: row.name,
  ranged: row.ranged === 1,
  ...(row.size_bytes === null ? {} : { sizeBytes: Number(row.size_bytes) }),
  ...(row.media_type === null ? {} : { mediaType: row.media_type }),
  ...(row.version === null ? {} : { version: row.version }),
  ...(row.md5 === null ? {} : { md5: row.md5 }),
})
