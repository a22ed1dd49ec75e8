/** `submit` includes `read`; `admin` includes both, and every owner's objects. */
export const keyScopes = ['read', 'submit', 'admin'] as const
export type KeyScope = (typeof keyScopes)[number]

export const isKeyScope = (value: string): value is KeyScope =>
  (keyScopes as readonly string[]).includes(value)

/** Whether a key with these scopes may do what needs `wanted`. */
export const allows = (scopes: readonly KeyScope[], wanted: KeyScope): boolean =>
  scopes.some((scope) => keyScopes.indexOf(scope) >= keyScopes.indexOf(wanted))
