import type { DomainDescription, XmlDisk } from '../hosts/domain-xml.ts'
import type { ImageReading } from '../hosts/image-files.ts'
import type { SnapshotMetadata } from '../hosts/snapshot-metadata.ts'
import type { Situation } from '../situation/situation.ts'
import type { FoundUse } from '../storage/file-users.ts'
import type { TreeModel } from '../snapshots/tree-model.ts'

const MIB = 1024 * 1024

export const diskOf = (target: string, path: string | null, more: Partial<XmlDisk> = {}): XmlDisk => ({
  target,
  path,
  device: 'disk',
  bus: 'virtio',
  sourceType: 'file',
  volume: null,
  format: 'qcow2',
  readonly: false,
  shareable: false,
  transient: false,
  layers: [],
  pinsBacking: true,
  pinsBase: true,
  isSlice: false,
  isEncrypted: false,
  isOptional: false,
  mirror: null,
  ...more,
})

export const definitionOf = (disks: XmlDisk[], more: Partial<DomainDescription> = {}): DomainDescription => ({
  name: 'web',
  uuid: 'u',
  title: null,
  disks,
  hasAgentChannel: false,
  startFiles: [],
  settings: { memory: '64 MiB' },
  securityLabels: [],
  ...more,
})

export const found = (path: string, below: string | null, more: Partial<ImageReading> = {}): ImageReading =>
  ({
    kind: 'found',
    path,
    detectedFormat: 'qcow2',
    virtualBytes: 8 * MIB,
    allocatedBytes: MIB,
    lengthBytes: MIB,
    modifiedMs: 0,
    header: null,
    permissions: null,
    backing: below === null ? null : { name: below, path: below, format: 'qcow2' },
    internalSnapshots: [],
    isSaveImage: false,
    timestamps: '0',
    ...more,
  }) as ImageReading

/** A situation in which nothing speaks against anything but the tree itself: what a plan reads of a VM with these snapshots. */
export function situationOf(model: TreeModel): Situation {
  const disks = Object.entries(model.active).map(([target, path]) => diskOf(target, path))
  const none = { jobs: 0, bytesPerMs: null, medianMs: null }
  return {
    version: 2,
    host: { name: 'lab', libvirtVersion: '11.3.0' },
    vm: {
      uuid: 'u',
      name: 'web',
      state: model.running ? 'running' : 'shut off',
      running: model.running,
      persistent: true,
      hasManagedSave: false,
      description: definitionOf(disks),
      next: definitionOf(disks),
    },
    snapshots: model.snapshots.map((snapshot, index): SnapshotMetadata => ({
      name: snapshot.name,
      description: '',
      createdAtMs: 1_000 * (index + 1),
      state: 'disk-snapshot',
      parent: snapshot.parent,
      memory: 'no',
      memoryPath: null,
      disks: snapshot.disks.map(({ target, kind, frozen }) => ({
        target,
        kind,
        overlayPath: null,
        frozenPath: frozen,
        frozenFormat: 'qcow2',
        deleteInProgress: false,
      })),
      discards: {},
      definition: definitionOf(
        Object.entries(snapshot.sources).map(([target, path]) => diskOf(target, path)),
      ),
      namedPaths: [],
    })),
    current: model.current,
    jobs: [],
    files: Object.fromEntries(
      Object.entries(model.backing).map(([path, below]) => [path, found(path, below)]),
    ),
    folders: { '/img': { freeBytes: 1_000 * MIB, permissions: null } },
    uses: {},
    overlays: [],
    gaps: [],
    doubts: [],
    unheard: [],
    taints: {},
    soundRecords: {},
    written: {},
    own: Object.keys(model.backing),
    copyBytes: {},
    paces: { merges: none, reverts: none },
  }
}

/** A disk of another VM that has a file. */
export const need = (more: Partial<FoundUse> = {}): FoundUse => ({
  host: 'lab',
  vmUuid: 'other',
  vmName: 'db',
  running: false,
  kind: 'disk',
  target: 'vda',
  isOther: false,
  snapshot: null,
  isSure: true,
  path: '/img/x',
  ...more,
})

/** base < a < b < c: s1, s2 and s3 froze the first three; the VM writes to c. */
export const line: TreeModel = {
  current: 's3',
  running: true,
  unfinished: [],
  active: { vda: '/img/c' },
  backing: { '/img/base': null, '/img/a': '/img/base', '/img/b': '/img/a', '/img/c': '/img/b' },
  snapshots: ['base', 'a', 'b'].map((file, index) => ({
    name: `s${index + 1}`,
    parent: index === 0 ? null : `s${index}`,
    disks: [{ target: 'vda', kind: 'external', frozen: `/img/${file}` }],
    sources: { vda: `/img/${file}` },
  })),
}
