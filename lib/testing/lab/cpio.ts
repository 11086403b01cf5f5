// The archive format of Linux initial ramdisks, cpio "newc": kernel, Documentation/driver-api/early-userspace/buffer-format.rst

export type CpioEntry =
  | { path: string; kind: 'file'; mode: number; content: Buffer }
  | { path: string; kind: 'folder' }
  | { path: string; kind: 'link'; target: string }
  | { path: string; kind: 'device'; major: number; minor: number }

const S_IFREG = 0o100000
const S_IFDIR = 0o040000
const S_IFLNK = 0o120000
const S_IFCHR = 0o020000

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
}

function record(
  inode: number,
  path: string,
  mode: number,
  content: Buffer,
  device: [number, number] = [0, 0],
): Buffer {
  const name = Buffer.from(`${path}\0`)
  // inode, mode, uid, gid, links, mtime, size, device of the file system (2), of the node (2), length of the name, checksum
  const numbers = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, device[0], device[1], name.length, 0]
  const header = Buffer.from('070701' + numbers.map((n) => n.toString(16).padStart(8, '0')).join(''))
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(content)])
}

/** The same entries give the same bytes, whoever builds them and when. */
export function cpioArchive(entries: CpioEntry[]): Buffer {
  const none = Buffer.alloc(0)
  const parts = entries.map((entry, index) => {
    const inode = index + 1
    switch (entry.kind) {
      case 'file':
        return record(inode, entry.path, S_IFREG | entry.mode, entry.content)
      case 'folder':
        return record(inode, entry.path, S_IFDIR | 0o755, none)
      case 'link':
        return record(inode, entry.path, S_IFLNK | 0o777, Buffer.from(entry.target))
      case 'device':
        return record(inode, entry.path, S_IFCHR | 0o600, none, [entry.major, entry.minor])
    }
  })
  return Buffer.concat([...parts, record(0, 'TRAILER!!!', 0, none)])
}
