/** As Signature Version 4 wants it: everything but letters, digits and `-._~`. */
export const uriEncode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )

export const uriEncodePath = (key: string): string => key.split('/').map(uriEncode).join('/')
