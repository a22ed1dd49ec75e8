import { writeFile } from 'node:fs/promises'
import { hostname, release, totalmem } from 'node:os'
import type { Config } from '../../app/index.ts'
import { paddingBytes, tarHeader } from '../../writers/index.ts'
import type { Finding } from './finding.ts'

const recordBytes = 10_240

/** A tar for a bug report: what was found and how it is configured, without keys, passwords, inputs or results. */
export async function writeBundle(
  file: string,
  config: Config,
  findings: readonly Finding[],
): Promise<void> {
  const machine = {
    host: hostname(),
    release: release(),
    memory: totalmem(),
    node: process.versions,
  }
  const members: [string, unknown][] = [
    [
      'longhaul-doctor/findings.json',
      findings.map(({ what, level, detail }) => ({ what, level, detail: withoutSecrets(detail) })),
    ],
    ['longhaul-doctor/config.json', redacted(config)],
    ['longhaul-doctor/machine.json', machine],
  ]
  const blocks = members.flatMap(([name, value]) => {
    const text = Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
    return [tarHeader(name, text.length), text, Buffer.alloc(paddingBytes(text.length))]
  })
  const size = blocks.reduce((sum, { length }) => sum + length, 0)
  const end = Buffer.alloc(1024 + ((recordBytes - ((size + 1024) % recordBytes)) % recordBytes))
  await writeFile(file, Buffer.concat([...blocks, end]), { mode: 0o600, flag: 'wx' })
}

function redacted(config: Config): object {
  return {
    ...config,
    callbackSecrets: config.callbackSecrets.map(() => '***'),
    databaseUrl: config.databaseUrl === undefined ? undefined : withoutSecrets(config.databaseUrl),
    s3:
      config.s3 === undefined
        ? undefined
        : {
            ...config.s3,
            endpoint: withoutSecrets(config.s3.endpoint),
            accessKey: '***',
            secretKey: '***',
          },
  }
}

/** Passwords in URLs, keys of ours, signatures. */
export const withoutSecrets = (text: string): string =>
  text
    .replaceAll(/([a-z][\w+.-]*:\/\/)[^\s/@]*@/gi, '$1***@')
    .replaceAll(/lh_[0-9a-f]{12}_[\w-]+/g, 'lh_***')
    .replaceAll(/([?&][\w-]*(?:signature|credential|token|password)[\w-]*=)[^&\s]+/gi, '$1***')
