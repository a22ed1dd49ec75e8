import { defineConfig } from 'vitest/config'

/** Where longhaul is installed this is not needed; here it is its sources. */
const conditions = ['longhaul-source', 'node']
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
})
