/** A service in a process of its own, for tests that kill it: `node serve.ts '<AppOptions as JSON>'` prints its URL. */
import { createApp, type AppOptions } from '../../src/app/index.ts'
import { pino } from 'pino'

const options = JSON.parse(process.argv[2] ?? '{}') as AppOptions
const app = await createApp({ ...options, log: pino({ level: 'warn' }, pino.destination(2)) })
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
process.on('SIGTERM', () => void app.stop().then(() => process.exit(0)))
