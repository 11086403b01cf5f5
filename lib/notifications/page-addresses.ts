/** Addresses of pages that messages lead to, without the server: the same as in components/paths.ts, which lib/ can't import. */
const part = encodeURIComponent

export const vmBackupsAddress = (host: string, vm: string): string =>
  `/hosts/${part(host)}/vms/${part(vm)}/backups`
export const backupsAddress = (): string => '/backups'
export const jobAddress = (jobId: string): string => `/jobs/${part(jobId)}`
export const jobsAddress = (): string => '/jobs'
