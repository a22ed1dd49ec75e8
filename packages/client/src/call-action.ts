import { jobView, type JobView } from '@longhaul/protocol'
import type { Connection } from './connection.ts'

/** Fields by name. A `Blob` or `File` is sent with the call; what the service has already is its `s3://` URI. */
export type ActionInput = Readonly<Record<string, unknown>>

export interface CallOptions {
  /** Of what the action has; those of GET and DELETE give the input as a query. @default 'POST' */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined
  /** What stands in the action's path. */
  readonly params?: Readonly<Record<string, string | number>> | undefined
  /** Asks for a job instead, where the action allows it. @default false */
  readonly respondAsync?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ActionAnswer {
  readonly status: number
  readonly mediaType: string
  /** The job that it became, where one was asked for and the action allows it. */
  readonly job: JobView | undefined
  /** Whole; or read `body` as it comes. One of the three, once. */
  json(): Promise<unknown>
  bytes(): Promise<Uint8Array>
  readonly body: ReadableStream<Uint8Array> | null
}

export async function callAction(
  connection: Connection,
  path: string,
  input: ActionInput = {},
  { method = 'POST', params = {}, respondAsync = false, signal }: CallOptions = {},
): Promise<ActionAnswer> {
  const inQuery = method === 'GET' || method === 'DELETE'
  const files = Object.values(input)
    .flat()
    .some((value) => value instanceof Blob)
  const response = await connection.send(path, {
    method,
    signal,
    query: { ...params, ...(inQuery ? queryOf(input) : {}) },
    headers: respondAsync ? { prefer: 'respond-async' } : {},
    timeoutMs: 0, // the action has its own
    ...(inQuery ? {} : files ? { body: () => formOf(input) } : { json: input }),
  })
  const job =
    response.status === 202 && response.headers.has('longhaul-job-id')
      ? jobView.parse(await response.clone().json())
      : undefined
  return {
    status: response.status,
    mediaType: response.headers.get('content-type') ?? 'application/octet-stream',
    job,
    json: () => response.json(),
    bytes: async () => new Uint8Array(await response.arrayBuffer()),
    body: response.body,
  }
}

function queryOf(input: ActionInput): Record<string, string> {
  const given = Object.entries(input).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, textOf(value)]))
}

/** Each field once, or once for each of a list; what is no text is sent as JSON. */
function formOf(input: ActionInput): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(input))
    for (const one of Array.isArray(value) ? value : [value])
      if (one instanceof Blob) form.append(name, one)
      else if (one !== undefined) form.append(name, textOf(one))
  return form
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value)
