import { stat } from 'node:fs/promises'
import path from 'node:path'
import { serviceStatus, type ServiceStatus } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Services } from '../app/services.ts'
import { lastBackup } from '../backup/index.ts'
import { diskFloorOf, roomOf } from '../storage/index.ts'
import { DiskTrend } from './disk-trend.ts'

const sampleMs = 60_000

/** `GET /status`: the machine under the service, for the operator's first look. */
export const statusRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { config, database, engine } = services
  const startedAt = new Date().toISOString()
  const trend = new DiskTrend()
  const disk = async (): Promise<ServiceStatus['disk']> => {
    const room = await roomOf(config.dataDir).catch(() => undefined)
    if (room === undefined) return null
    trend.add(Date.now(), room.free)
    const floor = diskFloorOf(room, config.diskFloorBytes)
    const fullInMs = trend.fullInMs(floor)
    return {
      free_bytes: room.free,
      total_bytes: room.total,
      floor_bytes: Math.round(floor),
      full_in_seconds: fullInMs === undefined ? null : Math.round(fullInMs / 1000),
    }
  }
  const sampling = setInterval(() => void disk(), sampleMs).unref()
  app.addHook('onClose', async () => clearInterval(sampling))

  app.get(
    '/status',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['operator'],
        summary: 'The service and the machine under it: disk, database, last backup',
        response: { 200: serviceStatus },
      },
    },
    async (): Promise<ServiceStatus> => ({
      name: config.serviceName,
      version: config.serviceVersion,
      started_at: startedAt,
      now: new Date(await engine.now()).toISOString(),
      database: { kind: database.dialect, bytes: await databaseBytes(services) },
      disk: await disk(),
      backup_at: (await lastBackup(config.dataDir))?.at ?? null,
    }),
  )
}

/** The file and what its log holds; a server's database is its own affair. */
async function databaseBytes({ config, database }: Services): Promise<number | null> {
  if (database.dialect !== 'sqlite') return null
  const file = path.join(config.dataDir, 'longhaul.db')
  const sizes = await Promise.all(
    [file, `${file}-wal`].map((one) =>
      stat(one).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
