/** Where an app is put together: the one place that chooses backends and reads the environment. */
export { createApp, type App, type AppOptions } from './create-app.ts'
export { openEngine, openInstance, type Instance } from './open-instance.ts'
export { openKeys } from './open-keys.ts'
export { readConfig, type Config, type ConfigOptions } from './config.ts'
export type { Services } from './services.ts'
export { makeDataFolder } from './make-data-folder.ts'
export { schemaState, upgradeSchema, type SchemaState } from './schema-state.ts'
