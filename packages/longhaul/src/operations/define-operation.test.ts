import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { describeProcessor } from '../processor/index.ts'
import { checkDescription } from '../runners/check-description.ts'
import { entryName, lastSegment, storedName } from './asset-names.ts'
import { defineOperation } from './define-operation.ts'
import { isAccepted } from './fetch-asset.ts'
import { checkOperationNames } from './find-operation.ts'
import { secretKeeper } from '../support/keep-secret.ts'

const options = {
  name: 'upscale',
  plural: 'upscales',
  answers: 'image/jpeg',
  request: () => ({ path: '/' }),
} as const

describe('an operation', () => {
  it('describes itself as a processor that runs in the service, and how it is called', () => {
    const operation = defineOperation({
      ...options,
      parameters: { times: z.int() },
      ratePerMinute: 9,
    })
    const description = checkDescription(describeProcessor(operation), '0'.repeat(64))
    expect(description).toMatchObject({
      ...{ name: 'upscale', runner: 'inline', max_attempts: 4, rate_per_minute: 9, reuse: false },
      accepts_checkpoints: ['*'],
      input: { required: ['digital_asset_url', 'times'] },
      operation: {
        slugs: [{ name: 'upscale', plural: 'upscales' }],
        files: { single: 'upscale.jpg', archive: 'upscales.zip', entry: 'asset' },
        ...{ max_assets: 10, url_lifetime_seconds: 3600 },
      },
    })
  })

  it.each([
    [{ plural: 'upscale' }, /needs another word/],
    [{ plural: 'a/b' }, /parts of its URLs/],
    [{ name: 'jobs' }, /is something else/],
    [{ aliases: [{ name: 'datasets', plural: 'x' }] }, /is something else/],
    [{ request: undefined as never }, /no request function/],
    [{ callTimeout: 'soon' as never }, /is no duration/],
  ])('refuses %o', (wrong, why) => {
    expect(() => defineOperation({ ...options, ...wrong })).toThrow(why)
  })

  it('shares no path with another', () => {
    const one = (name: string, plural: string) => ({
      description: checkDescription(
        describeProcessor(defineOperation({ ...options, name, plural })),
        '0'.repeat(64),
      ),
    })
    expect(() => checkOperationNames([one('a', 'as'), one('b', 'bs')])).not.toThrow()
    expect(() => checkOperationNames([one('a', 'as'), one('as', 'b')])).toThrow(
      'The operations a and as would both be /api/v1/as; call one of them something else.',
    )
  })
})

it('makes plain names of whatever a URL says', () => {
  const names = [
    'http://h/a/b.png?key=1#x',
    'http://h/',
    'http://h/%2e%2e%2f..%2Fetc',
    'http://h/ä%zz',
  ].map((url) => lastSegment(url))
  expect(names).toEqual(['b.png', 'image', 'etc', 'C3A4zz'])
  expect(storedName('http://h/cat.PNG', 'image/png', 1_700_000_000_999)).toBe(
    'processed_1700000000_cat.PNG',
  )
  expect(storedName('http://h/cat.gif', 'image/png', 0)).toBe('processed_0_cat.gif.png')
  expect(entryName('image', 2, 'http://h/', 'image/png')).toBe('image_2_image.png')
  expect(lastSegment(`http://h/${'a'.repeat(2000)}.png`).length).toBe(100)
})

it('accepts by the kind, the whole type, or any', () => {
  expect(
    ['image/*', 'image/png', 'text/a, image/*', '*/*'].map((one) => isAccepted('image/png', one)),
  ).toEqual([true, true, true, true])
  expect(['image/*', 'text/html'].map((one) => isAccepted('', one))).toEqual([false, false])
  expect(isAccepted('image/gif', 'image/png')).toBe(false)
})

it('takes a secret out however it is spelt', () => {
  const hide = secretKeeper('k"y+1')
  expect(hide('k"y+1 k%22y%2B1 k\\"y+1')).toBe('[key] [key] [key]')
  expect(hide(Buffer.from('k"y+1').toString('hex'))).toBe('[key]')
})
