import { expect, it } from 'vitest'
import { assetApiOf, readAssetApis } from './asset-apis.ts'
import { readConfig } from './config.ts'

const read = (env: Record<string, string>) => {
  const mistakes: string[] = []
  return { apis: readAssetApis(env, mistakes), mistakes }
}

it('has one API for every operation, and others for some', () => {
  const { apis } = read({
    ASSET_API_URL: 'https://one.example/v1/',
    ASSET_API_KEY: 'k1',
    ASSET_API_URL_CUT_OUT: 'https://two.example',
    ASSET_API_KEY_CUT_OUT: 'k2',
    ASSET_API_KEY_TINT: 'k3',
  })
  expect(assetApiOf(apis, 'upscale')).toEqual({ url: 'https://one.example/v1', key: 'k1' })
  expect(assetApiOf(apis, 'cut-out')).toEqual({ url: 'https://two.example', key: 'k2' })
  expect(assetApiOf(apis, 'tint')).toEqual({ url: 'https://one.example/v1', key: 'k3' })
})

it('takes the names that system C had; its own win', () => {
  const old = {
    REDACTED_SERVICE_API_URL: 'http://old.example',
    REDACTED_SERVICE_API_KEY: 'old',
  }
  expect(assetApiOf(read(old).apis, 'any')).toEqual({ url: 'http://old.example', key: 'old' })
  const { apis } = read({ ...old, ASSET_API_KEY: 'new' })
  expect(assetApiOf(apis, 'any')).toEqual({ url: 'http://old.example', key: 'new' })
})

it('gives the key of one API to no other, and says what is missing', () => {
  const { apis } = read({
    ASSET_API_URL: 'https://one.example',
    ASSET_API_KEY: 'k1',
    ASSET_API_URL_CUT_OUT: 'https://two.example',
  })
  expect(() => assetApiOf(apis, 'cut-out')).toThrow(/set ASSET_API_KEY\.$/)
  expect(() => assetApiOf({}, 'cut-out')).toThrow(/set ASSET_API_URL and ASSET_API_KEY\.$/)
})

it('refuses what cannot be, without showing a key', () => {
  const { mistakes } = read({ ASSET_API_URL: 'one.example', ASSET_API_KEY: 'a\nb' })
  expect(mistakes).toEqual([
    'ASSET_API_URL must be an http or https URL',
    'ASSET_API_KEY must be printable ASCII without spaces',
  ])
})

it('[C.8.7] takes every MINIO_* setting of the store', () => {
  const { s3 } = readConfig(
    {},
    {
      MINIO_ENDPOINT_URL: 'minio:9000',
      MINIO_ACCESS_KEY: 'me',
      MINIO_SECRET_KEY: 'secret',
      MINIO_USE_SSL: 'true',
    },
  )
  expect(s3).toMatchObject({
    endpoint: 'https://minio:9000',
    accessKey: 'me',
    secretKey: 'secret',
  })
  expect(readConfig({}, { MINIO_ENDPOINT: 'minio:9000', MINIO_SECURE: 'true' }).s3?.endpoint).toBe(
    'https://minio:9000',
  )
})
