import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { S3Config } from '../../app/config.ts'
import { s3Judge as script } from './s3-judge.ts'

const run = promisify(execFile)

/** What lies in the store, as programs see it that have nothing of ours in them: find and sha256sum, and a script in Python. */
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
  const ask = async (...what: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await run('python3', [
      '-c',
      script,
      JSON.stringify({ ...s3, bucket }),
      ...what,
    ])
    return stdout.split('\n').filter(Boolean)
  }
  return {
    digestOf: async (key) => (await ask('digest', key)).join(),
    leftovers: async () => ({ keys: await ask('keys'), others: await ask('uploads') }),
  }
}

const firstWord = (text: string): string => text.trim().split(/\s/)[0] ?? ''
