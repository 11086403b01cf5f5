import 'server-only'
import type { Host } from '../../hosts/host.ts'
import type { SagaContext } from '../../jobs/saga.ts'
import { makeOwnFolder } from './own-folder.ts'
import type { Target } from './targets.ts'
import type { BackupJobBase } from '../types.ts'

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
      await host.connection.operate((connect) =>
        makeOwnFolder(connect, target, backupId, call, { isOld: !marksDirectory }),
      )
      return true
    },
  })
}
