import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** Counts what a client asks a PostgreSQL server for, BEGIN and COMMIT too, by looking at the wire between them. */
export interface StatementCount extends AsyncDisposable {
  /** The same database, through the counter. */
  readonly url: string
  readonly count: number
}

export async function countStatements(databaseUrl: string): Promise<StatementCount> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket))
    }
    const read = messageTypes((type) => {
      // Execute of a prepared statement, or a simple Query.
      if (type === 'E' || type === 'Q') count += 1
    })
    near.on('data', read)
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const through = new URL(databaseUrl)
  through.hostname = '127.0.0.1'
  through.port = String((server.address() as AddressInfo).port)
  return {
    url: through.href,
    get count() {
      return count
    },
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

/** A startup message has a length and no type; every later one has a type of one byte, then its length. */
function messageTypes(onType: (type: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let started = false
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    for (;;) {
      const head = started ? 1 : 0
      if (rest.length < head + 4) return
      const length = head + rest.readUInt32BE(head)
      if (rest.length < length) return
      if (started) onType(rest.toString('latin1', 0, 1))
      started = true
      rest = rest.subarray(length)
    }
  }
}
