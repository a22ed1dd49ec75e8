import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'

/** Every entry point that a package declares, by the name a stranger imports it with. */
async function entryPoints(folder: string): Promise<readonly string[]> {
  const url = new URL(`../../${folder}/package.json`, import.meta.url)
  const { name, exports } = JSON.parse(await readFile(url, 'utf8')) as {
    name: string
    exports: Record<string, unknown>
  }
  return Object.keys(exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => name + entry.slice(1))
}

// Growing this list is a decision: whoever finds a name here may rely on it.
it('gives exactly these names to whoever imports a package', async () => {
  const names: Record<string, string[]> = {}
  for (const folder of ['longhaul', 'client', 'protocol'])
    for (const entry of await entryPoints(folder))
      names[entry] = Object.keys((await import(entry)) as object).sort()
  expect(names).toMatchInlineSnapshot(`
    {
      "@longhaul/client": [
        "JobFailedError",
        "ServiceError",
        "TransferError",
        "UnreachableError",
        "createClient",
        "isServiceError",
        "sha256",
        "storedUploads",
      ],
      "@longhaul/client/compat": [
        "ApiError",
        "CompatError",
        "DownloadError",
        "JobFailedError",
        "JobNotFoundError",
        "JobTimeoutError",
        "NetworkError",
        "UploadError",
        "createCompatClient",
      ],
      "@longhaul/client/node": [
        "fileSink",
        "fileSource",
        "nodeSha256",
        "notedUploads",
        "withFiles",
      ],
      "@longhaul/protocol": [
        "batchId",
        "batchItem",
        "batchItemList",
        "batchItemStatus",
        "batchItemStatusFilter",
        "batchItemStatuses",
        "batchItemView",
        "batchList",
        "batchRetried",
        "batchRetry",
        "batchStatus",
        "batchSubmission",
        "batchView",
        "callbackList",
        "callbackSecret",
        "callbackStatus",
        "callbackTry",
        "callbackTypes",
        "callbackUrl",
        "callbackView",
        "catalogue",
        "fieldError",
        "fileReference",
        "health",
        "ingestComplete",
        "ingestCompleted",
        "ingestStart",
        "ingestStarted",
        "isBatchFinished",
        "isFinished",
        "isProblemCode",
        "isTerminalEvent",
        "jobEvent",
        "jobId",
        "jobKind",
        "jobKindFilter",
        "jobKinds",
        "jobLinks",
        "jobList",
        "jobListQuery",
        "jobOutput",
        "jobProblem",
        "jobProgress",
        "jobStatus",
        "jobStatusFilter",
        "jobStatuses",
        "jobSubmission",
        "jobView",
        "jobWaiting",
        "jobWaits",
        "json",
        "jsonObject",
        "logLine",
        "manifestSubmission",
        "manifestSubmitted",
        "outputList",
        "partUrl",
        "problemDocument",
        "processorList",
        "processorState",
        "processorSummary",
        "processorView",
        "progressEvent",
        "queueChange",
        "queueHistory",
        "queueList",
        "queueView",
        "readiness",
        "retryRequest",
        "serviceStatus",
        "sha256",
        "submissionOptions",
        "systemAJob",
        "systemAStatus",
        "terminalEventTypes",
        "timestamp",
        "uploadCompleted",
        "uploadCompletion",
        "uploadRequest",
        "uploadStarted",
        "uploadView",
        "validationDetail",
        "waitInterval",
        "waitReason",
        "waitReasons",
        "workerList",
        "workerState",
        "workerView",
      ],
      "longhaul": [
        "InvalidInputError",
        "PermanentError",
        "RetryableError",
        "action",
        "createApp",
        "defineProcessor",
        "file",
        "z",
      ],
      "longhaul/testing": [
        "checkProcessor",
        "engineConformance",
        "objectStoreConformance",
        "processorRules",
        "runnerConformance",
        "torture",
      ],
      "longhaul/testing/faults": [
        "faultPoints",
        "onFaultPoint",
      ],
      "longhaul/testing/servers": [
        "startTestPostgres",
        "startTestSwift",
      ],
    }
  `)
})
