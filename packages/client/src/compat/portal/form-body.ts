import type { Body, RequestOptions } from '../../connection.ts'
import { silentMs, watched } from '../../send-parts.ts'
import type { Fields } from './dataset.ts'

export interface FormFile {
  /** Of the form's field. */
  readonly field: string
  readonly filename: string
  readonly size: number
  /** Made anew for each try. */
  readonly body: () => Body
}

/** A form with one file behind its fields. A Blob goes as the platform sends one; a stream is never held in memory. */
export function formBody(fields: Fields, file: FormFile): Partial<RequestOptions> {
  const texts = Object.entries(fields).map(([name, value]) => [name, String(value)] as const)
  const sample = file.body()
  if (!(sample instanceof ReadableStream))
    return {
      body: () => {
        const form = new FormData()
        for (const [name, value] of texts) form.append(name, value)
        const body = file.body()
        form.append(
          file.field,
          body instanceof Blob ? body : new Blob([body as never]),
          file.filename,
        )
        return form
      },
      timeoutMs: 0,
    }
  void sample.cancel()
  const boundary = `longhaul-${crypto.randomUUID()}`
  const encoder = new TextEncoder()
  const disposition = (name: string): string =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${name}"`
  const head = encoder.encode(
    texts.map(([name, value]) => `${disposition(name)}\r\n\r\n${value}\r\n`).join('') +
      `${disposition(file.field)}; filename="${quoted(file.filename)}"\r\ncontent-type: application/octet-stream\r\n\r\n`,
  )
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`)
  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': String(head.length + file.size + tail.length),
    },
    body: (moved) => between(head, watched(file.body(), moved) as ReadableStream<Uint8Array>, tail),
    timeoutMs: silentMs,
  }
}

/** As browsers escape them (HTML, multipart/form-data encoding). */
const quoted = (name: string): string =>
  name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')

function between(
  head: Uint8Array,
  middle: ReadableStream<Uint8Array>,
  tail: Uint8Array,
): ReadableStream<Uint8Array> {
  const reader = middle.getReader()
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(head),
      pull: async (controller) => {
        const { done, value } = await reader.read()
        controller.enqueue(done ? tail : value)
        if (done) controller.close()
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
