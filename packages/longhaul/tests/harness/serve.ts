/**
 * A service in a process of its own, for tests that kill it: `node serve.ts '<AppOptions as JSON>'` prints its URL. On a free
 * port, unless they name that of one they killed.
 */
import { createApp, type AppOptions } from '../../src/app/index.ts'
import { pino } from 'pino'

const options = JSON.parse(process.argv[2] ?? '{}') as AppOptions
const app = await createApp({ ...options, log: pino({ level: 'warn' }, pino.destination(2)) })
const port = options.config?.port ?? 0
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port })}\n`)
process.on('SIGTERM', () => void app.stop().then(() => process.exit(0)))
