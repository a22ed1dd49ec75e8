/** A media type that may stand in a header; what a client or an author made up is bytes to everybody else. */
export const headerMediaType = (mediaType: string): string =>
  mediaType.length <= 200 && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(;[\x20-\x7e]*)?$/.test(mediaType)
    ? mediaType
    : 'application/octet-stream'
