import { startTestPostgres, startTestSwift } from 'longhaul/testing/servers'

/** A PostgreSQL and an S3 server for a demo, as variables of its environment. */
export interface DemoServers extends AsyncDisposable {
  readonly env: Record<string, string>
  readonly description: string
}

/** Those that the environment names, else real ones of our own that end with the demo. */
export async function startServers(): Promise<DemoServers> {
  const { DATABASE_URL: named } = process.env
  if (named !== undefined) {
    const env = Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) =>
        (name === 'DATABASE_URL' || name.startsWith('S3_')) && value ? [[name, value]] : [],
      ),
    )
    return { env, description: Object.keys(env).join(', '), [Symbol.asyncDispose]: async () => {} }
  }
  const postgres = await startTestPostgres()
  const swift = await startTestSwift()
  return {
    env: {
      DATABASE_URL: await postgres.createDatabase(),
      ...(swift && {
        S3_ENDPOINT_URL: swift.s3.endpoint,
        S3_ACCESS_KEY: swift.s3.accessKey,
        S3_SECRET_KEY: swift.s3.secretKey,
        S3_BUCKET: await swift.newBucket(),
      }),
    },
    description: swift
      ? 'PostgreSQL and OpenStack Swift (S3)'
      : 'PostgreSQL; no S3 server is installed',
    async [Symbol.asyncDispose]() {
      await swift?.stop()
      await postgres.stop()
    },
  }
}
