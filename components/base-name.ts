/** A path's last part. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
