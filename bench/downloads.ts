import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { percentile, type Figure } from './figure.ts'
import { uploadFile } from './large-files.ts'
import { benchProcessors, resultOf, startService, submit, warmedUp } from './service.ts'

const bytes = 2 ** 30
const turns = 5

/** What a server of files needs, and nothing else. */
const bareServer = `
  import { createReadStream } from 'node:fs'
  import http from 'node:http'
  const [file, size] = process.argv.slice(1)
  const server = http.createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size })
    createReadStream(file).pipe(response)
  })
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
`

/** An output of 1 GiB over HTTP, beside the same bytes from a bare Node server, in turns. */
export async function downloads(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-bench-download-'))
  const [dataDir, file] = [path.join(folder, 'data'), path.join(folder, 'output.bin')]
  await writeFile(file, '')
  await truncate(file, bytes)
  try {
    await using service = await startService({}, [benchProcessors], { dataDir })
    await warmedUp(service)
    const source = { upload_id: await uploadFile(service, file, bytes) }
    const id = await submit(service, 'copy', { source })
    await resultOf(service, id, 100)
    // The very file: another may lie in memory, or be nothing but holes.
    await using bare = await serveBare(path.join(dataDir, 'objects/results', id, 'copy.bin'))
    const output = `${service.url}/jobs/${id}/outputs/copy.bin`
    const seen: { ours: number; theirs: number }[] = []
    for (let turn = 0; turn < turns; turn++)
      seen.push({
        ours: await secondsFor(output),
        theirs: await secondsFor(bare.url),
      })
    const ratios = seen.map(({ ours, theirs }) => theirs / ours)
    return [
      {
        name: 'download of a 1 GiB output over a bare Node file server',
        value: percentile(ratios, 0.5),
        unit: '×',
        target: { atLeast: 0.8 },
        beside: `${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}; ${(
          bytes /
          1e6 /
          percentile(
            seen.map(({ ours }) => ours),
            0.5,
          )
        ).toFixed(0)} MB a second`,
      },
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function serveBare(file: string) {
  const args = ['--input-type=module', '-e', bareServer, file, String(bytes)]
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = (await once(createInterface({ input: server.stdout }), 'line')) as [string]
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.kill()
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
    },
  }
}

async function secondsFor(url: string): Promise<number> {
  const began = performance.now()
  const [answer] = (await once(http.get(url), 'response')) as [http.IncomingMessage]
  let received = 0
  answer.on('data', (chunk: Buffer) => (received += chunk.length))
  await once(answer, 'end')
  if (received !== bytes) throw new Error(`${url} sent ${received} of ${bytes} bytes`)
  return (performance.now() - began) / 1000
}
