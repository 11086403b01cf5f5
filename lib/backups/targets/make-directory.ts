import 'server-only'
import type { Host } from '../../hosts/host.ts'
import { virshCommand } from '../../hosts/virsh-command.ts'
import type { SagaContext } from '../../jobs/saga.ts'
import { folderOf } from '../catalogue/catalogue.ts'
import { makeOwnFolder } from './own-folder.ts'
import type { Target } from './targets.ts'
import type { BackupJobBase } from '../types.ts'

/** The virsh line of a step that makes a backup's directory, or files in it. */
export const directoryVirsh = (host: Host, target: Target, backupId: string): string =>
  virshCommand(
    host.connection.uri,
    'pool-create-as',
    '--name',
    backupId,
    '--type',
    'dir',
    '--target',
    folderOf(target, backupId),
    '--build',
  )

/** The step that makes a backup's directory, with its mark. A job of an older Keyframe may have made it without one. */
export async function makeDirectory(
  context: SagaContext<BackupJobBase>,
  host: Host,
  target: Target,
  suffix: '' | ' as a full',
): Promise<void> {
  const { backupId, marksDirectory = false } = context.input
  await context.step(`make the directory${suffix}`, {
    do: async (call) => {
      const virsh = directoryVirsh(host, target, backupId)
      await host.connection.operate((connect) =>
        call({ procedure: 'virStoragePoolCreateXML', virsh }, () =>
          makeOwnFolder(connect, target, backupId, { isOld: !marksDirectory }),
        ),
      )
      return true
    },
  })
}
