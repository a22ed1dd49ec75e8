import { LonghaulError } from '../errors/index.ts'
import { newId } from '../support/ids.ts'
import { importName, type ImportParts } from './import-parts.ts'
import type { Imports, StartImport } from './imports.ts'
import { parseSource, sourceDescriptions } from './parse-source.ts'
import { safeName } from './safe-name.ts'
import { seal } from './seal.ts'
import type { SplitConfig } from './source-config.ts'
import { tendImports } from './tend-imports.ts'

/** Holds nothing but what it is given; every process of a service may have one. */
export function createImports(parts: ImportParts): Imports {
  const { config, outbound, engine, secretKey, tuning } = parts
  const rules = { tokenHosts: config.googleDrive.tokenHosts, inputRoots: config.inputRoots }

  /** What can be told of an address without asking anybody. */
  function checkAddresses({ shown, secrets }: SplitConfig): void {
    if (shown.type === 'url') outbound.check(String(secrets['url'] ?? shown['url']))
    if (shown.type === 's3') outbound.check(String(shown['endpoint']))
    if (shown.type === 'google_drive') outbound.check(String(secrets['tokenUri']))
  }

  function sealedRow(jobId: string, secrets: SplitConfig['secrets']) {
    if (Object.keys(secrets).length === 0) return [jobId, null, null]
    if (secretKey === undefined)
      throw new LonghaulError(
        'unavailable',
        'This service cannot keep credentials yet: the operator gives all its hosts the same LONGHAUL_SECRET_KEY.',
      )
    const { sealed, keyId } = seal(secretKey, jobId, secrets)
    return [jobId, sealed, keyId]
  }

  async function start(request: StartImport) {
    const { owner, sourceType, sourceConfig, filename, also = [], idempotency } = request
    const split = parseSource(sourceType, sourceConfig, rules)
    checkAddresses(split)
    const jobId = request.jobId ?? newId('upload')
    const row = sealedRow(jobId, split.secrets)
    const { tags, callbackUrl, priority } = request
    const [outcome] = await engine.submit(
      [
        {
          ...{ id: jobId, queue: importName, processor: importName, version: '1', owner },
          kind: 'upload',
          maxFailures: tuning.attempts,
          params: {
            input: {
              source: split.shown,
              ...(row[1] === null ? {} : { credentials: `sealed:${jobId}` }),
              ...(filename === undefined ? {} : { filename: safeName(filename) }),
            },
            ...(tags === undefined ? {} : { tags }),
            ...(callbackUrl === undefined ? {} : { callbackUrl }),
          },
          ...(priority === undefined ? {} : { priority }),
          ...(idempotency === undefined ? {} : { idempotency }),
        },
      ],
      [{ statement: 'import.insert', params: row }, ...also],
    )
    if (outcome?.kind === 'conflict')
      throw outcome.over === 'id'
        ? new LonghaulError('job-exists', `Job ${outcome.jobId} exists already.`)
        : new LonghaulError(
            'idempotency-conflict',
            `The idempotency key ${idempotency?.key} belongs to job ${outcome.jobId}, which was submitted with another body.`,
            { facts: { job_id: outcome.jobId } },
          )
    if (outcome === undefined) throw new Error('the engine answered nothing for one job')
    return { jobId: outcome.job.id, created: outcome.kind === 'created' }
  }

  return { start, sources: sourceDescriptions(rules), tend: () => tendImports(parts) }
}
