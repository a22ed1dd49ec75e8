/** Uploads under torture: seeded cuts of clients, services and disks, and a judge from outside. */
export {
  tortureUploads,
  type UploadTortureOptions,
  type UploadTortureReport,
} from './torture-uploads.ts'
