import { posix } from 'node:path'

/**
 * The file that a backing name in an image's header means: absolute, relative to the image's folder, `file:` or
 * `json:{…}` with a file. null when it is no file of the host (nbd, rbd, …).
 */
export function resolveBackingName(name: string, imagePath: string): string | null {
  if (name.startsWith('json:')) {
    const filename = jsonFilename(name.slice('json:'.length))
    return filename === null ? null : resolveBackingName(filename, imagePath)
  }
  if (name.startsWith('file:')) return resolveBackingName(name.replace(/^file:(\/\/)?/, ''), imagePath)
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) return null
  return posix.resolve(posix.dirname(imagePath), name)
}

/** `{"file":{"driver":"file","filename":…}}` and its dotted form `{"file.filename":…}`. */
function jsonFilename(json: string): string | null {
  try {
    let node = JSON.parse(json) as Record<string, unknown>
    for (;;) {
      const flat = node.filename ?? node['file.filename']
      if (typeof flat === 'string') return flat
      if (typeof node.file !== 'object' || node.file === null) return null
      node = node.file as Record<string, unknown>
    }
  } catch {
    return null
  }
}

const NETWORK =
  'nbd|rbd|iscsi|iser|https?|ftps?|tftp|ssh|sftp|libssh|nfs|gluster|sheepdog|vxhs|nvme|nvme-tcp|ceph'
const NETWORK_URL = new RegExp(`^(${NETWORK})(\\+[a-z]+)?:`, 'i')
const NETWORK_DRIVER = new RegExp(`"(file\\.)?driver"\\s*:\\s*"(${NETWORK})"`, 'i')

/** Whether a backing name means something that is on the network, for sure: no file of any host. What QEMU may read otherwise is not. */
export const isOnNetwork = (name: string): boolean =>
  name.startsWith('json:') ? NETWORK_DRIVER.test(name) : NETWORK_URL.test(name)
