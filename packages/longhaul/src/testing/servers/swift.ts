import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { S3Config } from '../../app/config.ts'
import { freePorts } from './free-ports.ts'

export interface TestSwift {
  readonly s3: S3Config
  /** A name that no other test has; the store makes the bucket when it is opened. */
  newBucket(): Promise<string>
  stop(): Promise<void>
}

export interface TestSwiftOptions {
  /** What a part that is not the last must have; another server's is its own affair. @default 5 MiB, as everywhere else */
  readonly minPartBytes?: number
}

const script = path.resolve(import.meta.dirname, '../../../../../scripts/start-swift.sh')
const needed = ['/usr/bin/swift-proxy-server', '/usr/bin/swift-object-server', '/usr/bin/memcached']

/** Whether `startTestSwift` has something to start, or finds one that runs. */
export const hasTestSwift = async (): Promise<boolean> =>
  existingServer() !== undefined || (await firstMissing([script, ...needed])) === undefined

/**
 * A server with an S3 interface for tests: OpenStack Swift, started for them and stopped by `stop` or with this process,
 * or, unless `minPartBytes` is asked for, the one that TEST_S3_ENDPOINT_URL, _ACCESS_KEY, _SECRET_KEY and _REGION name, which
 * is left running. Undefined, with the reason on stderr, where there is neither.
 */
export async function startTestSwift(
  options: TestSwiftOptions = {},
): Promise<TestSwift | undefined> {
  const existing = options.minPartBytes === undefined ? existingServer() : undefined
  if (existing) return { s3: existing, newBucket, stop: async () => undefined }
  const missing = await firstMissing([script, ...needed])
  if (missing !== undefined) {
    process.stderr.write(`S3 is not tested: ${missing} is not installed on this machine.\n`)
    return undefined
  }
  for (let tries = 1; ; tries++)
    try {
      return await startedOn(await freePorts(5), options)
    } catch (error) {
      // Between our look for free ports and the start, another process may have taken one.
      if (tries === 3) throw error
    }
}

async function startedOn(port: number, { minPartBytes }: TestSwiftOptions): Promise<TestSwift> {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-swift-'))
  const swift = spawn(script, [folder, String(port)], {
    env: {
      ...process.env,
      UNTIL_EOF: '1',
      ...(minPartBytes && { SWIFT_MIN_PART_BYTES: String(minPartBytes) }),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const stop = async () => {
    await stopped(swift)
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const endpoint = await readyEndpoint(swift)
    const keys = { accessKey: 'test:tester', secretKey: 'testing', region: 'us-east-1' }
    return { s3: { endpoint, publicEndpoint: undefined, ...keys }, newBucket, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function existingServer(): S3Config | undefined {
  const named = (name: string) => process.env[`TEST_S3_${name}`] || undefined
  const endpoint = named('ENDPOINT_URL')
  if (endpoint === undefined) return undefined
  return {
    endpoint,
    publicEndpoint: named('PUBLIC_ENDPOINT_URL'),
    accessKey: named('ACCESS_KEY') ?? 'test:tester',
    secretKey: named('SECRET_KEY') ?? 'testing',
    region: named('REGION') ?? 'us-east-1',
  }
}

const newBucket = async (): Promise<string> => `longhaul-test-${randomBytes(6).toString('hex')}`

async function firstMissing(files: readonly string[]): Promise<string | undefined> {
  for (const file of files)
    if (
      !(await access(file).then(
        () => true,
        () => false,
      ))
    )
      return file
  return undefined
}

async function readyEndpoint(swift: ChildProcess): Promise<string> {
  if (!swift.stdout) throw new Error('Swift has no output')
  for await (const line of createInterface(swift.stdout))
    if (line.startsWith('ready ')) return line.slice('ready '.length)
  throw new Error('Swift did not start; its words are above')
}

/** The script takes its servers with it. */
async function stopped(swift: ChildProcess): Promise<void> {
  if (swift.exitCode !== null || swift.signalCode !== null) return
  const exit = once(swift, 'exit')
  swift.kill('SIGTERM')
  await exit
}
