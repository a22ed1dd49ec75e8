import { expect, it } from 'vitest'
import { parseBar } from './tqdm-bar.ts'

it.each([
  [
    ' 37%|███▋      | 15/40 [00:03<00:05,  4.90it/s]',
    { percent: 37, done: 15, total: 40, ratePerSecond: 4.9, etaSeconds: 5 },
  ],
  [
    'resize: 100%|██████████| 40/40 [00:08<00:00,  4.9it/s]',
    { stage: 'resize', percent: 100, done: 40, total: 40, ratePerSecond: 4.9, etaSeconds: 0 },
  ],
  ['37%|███ | 15/40', { percent: 37, done: 15, total: 40 }],
  ['  0%|          | 0/40 [00:00<?, ?it/s]', { percent: 0, done: 0, total: 40 }],
  [
    'get: 25%|██▌ | 1.5M/6.0M [00:01<01:02:03, 1.2MB/s]',
    {
      stage: 'get',
      percent: 25,
      done: 1_500_000,
      total: 6_000_000,
      ratePerSecond: 1_200_000,
      etaSeconds: 3723,
    },
  ],
  [
    ' 10%|#         | 1/10 [00:04<00:36,  4.00s/it]',
    { percent: 10, done: 1, total: 10, ratePerSecond: 0.25, etaSeconds: 36 },
  ],
  [
    'epoch 3: 50%|█████ | 5/10 [00:01<00:01]',
    { stage: 'epoch 3', percent: 50, done: 5, total: 10, etaSeconds: 1 },
  ],
  ['rows: 1234it [00:10, 120.5it/s]', { stage: 'rows', done: 1234, ratePerSecond: 120.5 }],
  ['\u001b[32m 50%|█████ | 5/10\u001b[0m', { percent: 50, done: 5, total: 10 }],
])('reads %j', (text, progress) => {
  expect(parseBar(text)?.progress).toEqual(progress)
})

it.each([
  '',
  '50 % done',
  'a|b|c',
  'loss: 0.3 [0.1, 0.2]',
  '100% sure',
  'x [y]',
  `${'9'.repeat(5000)}%|`,
])('does not take %j for a bar', (text) => {
  expect(parseBar(text)).toBeUndefined()
})

it('knows an inner bar by the way the cursor goes', () => {
  expect(parseBar('inner: 50%|█████ | 5/10 [00:01<00:01]\u001b[A')?.position).toBe(1)
  expect(parseBar('outer: 50%|█████ | 5/10 [00:01<00:01]')?.position).toBe(0)
})
