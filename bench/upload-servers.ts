import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'

/** What the least server must do for a durable part: take the bytes, hash them, have them on the disk. */
const bare = `
  import { createHash } from 'node:crypto'
  import { open } from 'node:fs/promises'
  import http from 'node:http'
  const file = await open(process.argv[1] + '/file', 'w')
  const server = http.createServer(async (request, response) => {
    let at = Number(request.headers['upload-offset'])
    const hash = createHash('sha256')
    for await (const chunk of request) {
      hash.update(chunk)
      await file.write(chunk, 0, chunk.length, at)
      at += chunk.length
    }
    await file.datasync()
    response.writeHead(204, { digest: hash.digest('hex') }).end()
  })
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
`
const tus = `
  import { createRequire } from 'node:module'
  const require = createRequire(process.argv[2])
  const { Server } = require('@tus/server')
  const { FileStore } = require('@tus/file-store')
  const server = new Server({ path: '/files', datastore: new FileStore({ directory: process.argv[1] }) })
  const listening = server.listen({ host: '127.0.0.1', port: 0 }, () =>
    console.log(listening.address().port),
  )
  listening.requestTimeout = 0
`

export interface UploadServerProcess extends AsyncDisposable {
  readonly url: string
  readonly pid: number
}

export const startBare = (folder: string): Promise<UploadServerProcess> => start(bare, folder)
export const startTusServer = (folder: string): Promise<UploadServerProcess> => start(tus, folder)

async function start(code: string, folder: string): Promise<UploadServerProcess> {
  const peers = path.join(import.meta.dirname, 'peers/package.json')
  const args = ['--input-type=module', '-e', code, folder, peers]
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = (await once(createInterface({ input: server.stdout }), 'line')) as [string]
  return {
    url: `http://127.0.0.1:${port}`,
    pid: server.pid ?? 0,
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL')
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
    },
  }
}

/** Seconds on a core that a process has used so far, with all its threads. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
