import { datasetStatus } from '@longhaul/protocol'
import { expect, it } from 'vitest'
import { isLonghaulError } from '../errors/index.ts'
import { mayFollow, moveDataset } from './dataset-status.ts'

it('a dataset takes every step of the flows that system E describes', () => {
  const flows = [
    'submitted > sync queued > syncing > conversion queued > converting > done',
    'submitted > upload queued > uploading > done',
    'submitted > unzipping > conversion queued > converting > zipping > done',
    'uploading > unzipping',
    'uploading > conversion queued',
    'uploading > upload error > upload queued',
    'conversion error > failed',
    'retrying > zipping',
  ]
  for (const flow of flows) {
    const steps = flow.split(' > ').map((step) => datasetStatus.parse(step))
    for (const [n, to] of steps.slice(1).entries())
      expect([flow, to, mayFollow(steps[n] ?? 'failed', to)]).toEqual([flow, to, true])
  }
})

it('[E.8.22] and no other: what is at its end stays there', () => {
  for (const to of datasetStatus.options) {
    expect(mayFollow('done', to)).toBe(false)
    expect(mayFollow('failed', to)).toBe(false)
    expect(mayFollow(to, to)).toBe(false)
  }
  const refused = () => moveDataset({ uuid: 'u', from: 'syncing', to: 'uploading', reason: 'x' })
  expect(refused).toThrow(/conversion queued, done, sync error/)
  try {
    refused()
  } catch (error) {
    expect(isLonghaulError(error, 'dataset-transition')).toBe(true)
  }
})
