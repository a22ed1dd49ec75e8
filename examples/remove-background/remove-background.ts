import { defineOperation } from 'longhaul'

/** Cuts what a picture shows out of its background, by any API that takes a form and a key. */
export default defineOperation({
  name: 'remove-background',
  plural: 'remove-backgrounds',
  description: 'Remove the background of an image',
  accepts: 'image/*',
  answers: 'image/png',
  request: ({ asset, api, idempotencyKey }) => ({
    path: '/segment',
    headers: { 'x-api-key': api.key, 'idempotency-key': idempotencyKey },
    form: { image_file: asset },
  }),
  files: {
    single: 'background_removed.png',
    archive: 'background_removed_images.zip',
    entry: 'image',
  },
})
