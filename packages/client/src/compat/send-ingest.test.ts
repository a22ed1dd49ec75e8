import { describe, expect, it } from 'vitest'
import { createCompatClient, UploadError } from './index.ts'

interface Sent {
  readonly what: string
  readonly body: unknown
}

/** An ingest service in memory: parts of 4 bytes, and URLs that may have expired. */
function ingestService(options: { expired?: number; etag?: (n: number) => string | null } = {}) {
  const sent: Sent[] = []
  let expired = options.expired ?? 0
  let issued = 0
  const fileOf = (bin: string, { filename, size_bytes }: Announced) => {
    const parts = Array.from({ length: Math.ceil(size_bytes / 4) }, (_, n) => n + 1)
    issued++
    return {
      file_id: `${bin}${filename}`,
      filename,
      s3_key: `datasets/i_1/${filename}`,
      upload_id: `u-${filename}`,
      size_bytes,
      part_size_bytes: 4,
      part_urls: parts.map((part_number) => ({
        part_number,
        url: `http://store.example/${bin}${filename}/${part_number}?v=${issued}`,
      })),
    }
  }
  let announced: { bin: string; file: Announced }[] = []
  const answer = (pathname: string, body: Body | undefined): unknown => {
    const head = { job_id: 'i_1', expires_at: '2030-01-01T00:00:00Z' }
    if (pathname === '/ingest/start' && body?.bins !== undefined) {
      announced = body.bins.flatMap(({ bin_id, files }) =>
        files.map((file) => ({ bin: bin_id, file })),
      )
      const bins = body.bins.map(({ bin_id, files }) => ({
        bin_id,
        files: files.map((one) => fileOf(bin_id, one)),
      }))
      return { ...head, bins }
    }
    if (pathname === '/ingest/start') {
      announced = (body?.files ?? []).map((file) => ({ bin: '', file }))
      return { ...head, files: announced.map(({ file }) => fileOf('', file)) }
    }
    if (pathname === '/ingest/i_1')
      return {
        ...head,
        status: 'open',
        files: announced.map(({ bin, file }) => ({ ...fileOf(bin, file), status: 'open' })),
      }
    return { file_id: body?.file_id, s3_key: 'k', etag: '"x"', status: 'completed' }
  }
  const client = createCompatClient({
    url: 'http://lh.example',
    system: 'B',
    fetch: async (url, { method, body }) => {
      const { pathname, host, search } = new URL(url)
      if (host === 'store.example') {
        const data = await new Response(body as Blob).text()
        sent.push({ what: `PUT ${pathname}${search}`, body: data })
        if (expired-- > 0) return Response.json({ code: 'signature-expired' }, { status: 403 })
        const etag = (options.etag ?? ((n) => `e${n}`))(Number(pathname.split('/').at(-1)))
        return new Response(null, { headers: etag === null ? {} : { etag } })
      }
      const json = typeof body === 'string' ? (JSON.parse(body) as Body) : undefined
      sent.push({ what: `${method} ${pathname}`, body: json })
      return Response.json(answer(pathname, json))
    },
  })
  const completions = () => sent.filter(({ what }) => what === 'POST /ingest/complete')
  return { client, sent, completions }
}
interface Announced {
  readonly filename: string
  readonly size_bytes: number
}
interface Body {
  readonly files?: readonly Announced[]
  readonly bins?: readonly { readonly bin_id: string; readonly files: readonly Announced[] }[]
  readonly file_id?: string
}

const text = (name: string, content: string) => new File([content], name)

describe('the upload of bins', () => {
  it('announces them as system B does, sends each part once and completes each file of its bin', async () => {
    const { client, sent, completions } = ingestService()
    const files = (id: string) => ({
      '.adc': text(`${id}.adc`, 'abcdef'),
      '.roi': text(`${id}.roi`, 'gh'),
      '.hdr': text(`${id}.hdr`, 'i'),
    })
    const told: [number, number][] = []
    const id = await client.uploadBins(
      { D1: files('D1'), D2: files('D2') },
      { onProgress: (...bytes) => told.push(bytes) },
    )
    expect(id).toBe('i_1')
    expect(sent[0]?.body).toMatchObject({ bins: [{ bin_id: 'D1' }, { bin_id: 'D2' }] })
    const parts = sent.filter(({ what }) => what.startsWith('PUT'))
    expect(parts.map(({ body }) => body).sort()).toEqual([
      'abcd',
      'abcd',
      'ef',
      'ef',
      'gh',
      'gh',
      'i',
      'i',
    ])
    expect(completions()).toHaveLength(6)
    expect(completions().map(({ body }) => body)).toContainEqual({
      job_id: 'i_1',
      bin_id: 'D1',
      file_id: 'D1D1.adc',
      upload_id: 'u-D1.adc',
      // In order, whichever came first, and quoted as the store will ask for them.
      parts: [
        { PartNumber: 1, ETag: '"e1"' },
        { PartNumber: 2, ETag: '"e2"' },
      ],
    })
    expect(told.at(-1)).toEqual([18, 18])
  })

  it('gets new URLs for what is missing when the signed ones have expired', async () => {
    const { client, sent, completions } = ingestService({ expired: 2 })
    await client.uploadFiles([text('a', 'abcdefgh')])
    expect(sent.map(({ what }) => what)).toContain('GET /ingest/i_1')
    expect(completions()[0]?.body).toMatchObject({ parts: [{ PartNumber: 1 }, { PartNumber: 2 }] })
  })

  it('sends nothing of a bin that is not whole, and stops where a part has no ETag', async () => {
    const lacking = ingestService()
    const lacks = lacking.client.uploadBin('D1', { '.adc': text('D1.adc', 'a') })
    await expect(lacks).rejects.toThrow('Bin D1 has no .roi, .hdr; nothing was sent')
    expect(lacking.sent).toEqual([])
    const { client, completions } = ingestService({ etag: () => null })
    await expect(client.uploadFiles([text('a', 'abc')])).rejects.toBeInstanceOf(UploadError)
    expect(completions()).toEqual([])
  })
})
