import { expect, it } from 'vitest'
import { isLonghaulError } from '../errors/index.ts'
import { createOutbound } from '../outbound/index.ts'
import { hostile, names } from '../outbound/hostile-urls.fixture.ts'
import { openSource } from './open-source.ts'
import { parseSource } from './parse-source.ts'
import { joined } from './source-config.ts'
import { defaultTuning } from './tuning.ts'

const outbound = createOutbound({
  resolve: async (name) => names[name.replace(/\.$/, '')] ?? [],
})
const rules = { tokenHosts: ['oauth2.googleapis.com'], inputRoots: [] }
const config = {
  ...{ inputRoots: [], s3: undefined, bucket: 'b', maxUploadBytes: 1e6 },
  googleDrive: { rootUrl: 'https://www.googleapis.com', tokenHosts: rules.tokenHosts },
}

/** As an import does it: the request is read, then the source is looked at. */
async function lookAt(type: string, sourceConfig: object): Promise<unknown> {
  const split = parseSource(type, sourceConfig, rules)
  const source = await openSource(joined(split), { outbound, config, tuning: defaultTuning })
  return source.look('', AbortSignal.timeout(5000))
}
const codeOf = (error: unknown): unknown => (isLonghaulError(error) ? error.code : error)

it.each(hostile)('[E.8.12] a URL to import that tries %s is refused', async (_what, url) => {
  const code = await lookAt('url', { url }).then(String, codeOf)
  expect(['outbound-refused', 'invalid-request']).toContain(code)
})

it('a store to import from is refused as every other address is', async () => {
  const s3 = { bucket_name: 'b', object_key: 'k', access_key_id: 'i', secret_access_key: 's' }
  for (const [what, url] of hostile) {
    if (url === '') continue // then it is Amazon's
    const code = await lookAt('s3', { ...s3, endpoint_url: url }).then(String, codeOf)
    expect(['outbound-refused', 'invalid-request'], what).toContain(code)
  }
})

it('[E.8.11] a service account’s key whose tokens come from elsewhere, or that is a path, is refused', () => {
  for (const service_account_file of ['/etc/passwd', '../key.json', '{}', 7, { client_email: 'x' }])
    expect(() =>
      parseSource('google_drive', { file_id: 'f', service_account_file }, rules),
    ).toThrow('service_account_file')
})
