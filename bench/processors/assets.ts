import { defineOperation } from 'longhaul'

/** As the example's, for as many assets as the bench has. */
export default defineOperation({
  name: 'remove-background',
  plural: 'remove-backgrounds',
  accepts: 'image/*',
  answers: 'image/png',
  maxAssets: 10_000,
  request: ({ asset, api, idempotencyKey }) => ({
    path: '/segment',
    headers: { 'x-api-key': api.key, 'idempotency-key': idempotencyKey },
    form: { image_file: asset },
  }),
})
