/** A process that opens a database, which brings its schema up to date, waits for a line, and ends. */
import { once } from 'node:events'
import { openSqlite } from '../../src/database/index.ts'
import { openPostgres } from '../../src/database/postgres/index.ts'

const where = process.argv[2] ?? ''
process.stdout.write('ready\n')
await once(process.stdin, 'data')
const database = /^postgres(ql)?:/.test(where)
  ? await openPostgres({ url: where, statements: {} })
  : await openSqlite({ path: where, statements: {} })
await database.close()
process.exit(0)
