/** What every upload says of the dataset that it makes, or adds to. */
export interface DatasetFields {
  readonly userEmail: string
  readonly datasetName: string
  /** `IDX TIFF 'TIFF RGB' NETCDF HDF5 4D_NEXUS RGB MAPIR OTHER`. */
  readonly sensor: string
  /** @default true */
  readonly convert?: boolean | undefined
  /** @default false */
  readonly isPublic?: boolean | undefined
  readonly isPublicDownloadable?: boolean | undefined
  /** Shown to people; no path. */
  readonly folder?: string | undefined
  readonly teamUuid?: string | undefined
  readonly tags?: readonly string[] | undefined
  /** UUID, slug, number or unique name of a dataset that is there; with `addToExisting`. */
  readonly datasetIdentifier?: string | undefined
  readonly addToExisting?: boolean | undefined
  /** Where the file lies within the dataset: its folder, or its whole path. */
  readonly relativePath?: string | undefined
}
export type Fields = Readonly<Record<string, string | boolean>>

/** In the words of the wire; what was not said is left out. */
export function fieldsOf(dataset: DatasetFields): Fields {
  const { tags, userEmail, datasetName, sensor, convert = true, isPublic = false } = dataset
  const all = {
    user_email: userEmail,
    dataset_name: datasetName,
    sensor,
    convert,
    is_public: isPublic,
    is_public_downloadable: dataset.isPublicDownloadable,
    folder: dataset.folder,
    team_uuid: dataset.teamUuid,
    tags: tags?.join(','),
    dataset_identifier: dataset.datasetIdentifier,
    add_to_existing: dataset.addToExisting,
    relative_path: dataset.relativePath,
  }
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
