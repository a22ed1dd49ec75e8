import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { S3Config } from '../../app/config.ts'

const run = promisify(execFile)

/** What lies in the store, as programs see it that have nothing of ours in them: find, curl and sha256sum. */
export interface OutsideJudge {
  digestOf(key: string): Promise<string>
  /** Every object, and everything else that uploads may leave. */
  leftovers(): Promise<{ readonly keys: readonly string[]; readonly others: readonly string[] }>
}

export async function fileDigest(file: string): Promise<string> {
  return firstWord((await run('sha256sum', ['-b', file])).stdout)
}

export const localJudge = (root: string): OutsideJudge => ({
  digestOf: (key) => fileDigest(`${root}/${key}`),
  async leftovers() {
    const { stdout } = await run('find', [root, '-type', 'f', '-printf', '%P\n'])
    const files = stdout.split('\n').filter(Boolean)
    return {
      keys: files.filter((name) => !name.startsWith('.longhaul/')),
      others: files.filter((name) => /^\.longhaul\/(uploads|tmp|parts)\//.test(name)),
    }
  },
})

export function s3Judge(s3: S3Config, bucket: string): OutsideJudge {
  const signed = [
    ...['--silent', '--show-error', '--fail', '--user', `${s3.accessKey}:${s3.secretKey}`],
    ...['--aws-sigv4', `aws:amz:${s3.region}:s3`],
    // Of no bytes: a GET has none, and curl signs that without saying it.
    ...['--header', `x-amz-content-sha256: ${createHash('sha256').digest('hex')}`],
  ]
  const list = async (query: string): Promise<string> =>
    (await run('curl', [...signed, `${s3.endpoint}/${bucket}?${query}`], { maxBuffer: 1e8 })).stdout
  const keysIn = (xml: string): readonly string[] =>
    [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key)
  return {
    async digestOf(key) {
      const curl = ['curl', ...signed, `${s3.endpoint}/${bucket}/${key}`].map(quoted).join(' ')
      const { stdout } = await run('bash', ['-o', 'pipefail', '-c', `${curl} | sha256sum`])
      return firstWord(stdout)
    },
    async leftovers() {
      return { keys: keysIn(await list('list-type=2')), others: keysIn(await list('uploads=')) }
    },
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const firstWord = (text: string): string => text.trim().split(/\s/)[0] ?? ''
