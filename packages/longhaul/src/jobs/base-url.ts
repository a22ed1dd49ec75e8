import type { Config } from '../app/config.ts'

/** Where this service is, as the caller sees it: PUBLIC_URL, or else the address of its own request. */
export const baseUrlOf = (
  { publicUrl }: Pick<Config, 'publicUrl'>,
  request: { readonly protocol: string; readonly host: string },
): string => publicUrl ?? `${request.protocol}://${request.host}`
