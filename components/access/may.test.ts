import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.tsx'))
const textOf = (file: string) => readFileSync(join(root, file), 'utf8')

/** Opened by a button that asks itself (vm-dialogs.tsx, repair-dialogs.tsx, share-button.tsx, backup-dialogs.tsx, channel-buttons.tsx), which also closes them for who may no longer. */
const INSIDE_DIALOGS =
  /^dialogs\/|^check\/repair-dialog\.tsx$|^shares\/new-share-form\.tsx$|^(?:backups|notifications)\/(?:[a-z-]+-dialog|schedule-fields)\.tsx$/

it('every component that calls a server action of the VMs asks whether the user may', () => {
  const callers = files.filter((file) => /\buseStart\(/.test(textOf(file)) && !INSIDE_DIALOGS.test(file))
  expect(callers).toEqual(
    expect.arrayContaining([
      'vm/power-button.tsx',
      'jobs/ways-out.tsx',
      'jobs/job-controls.tsx',
      'jobs/foreign-job.tsx',
    ]),
  )
  for (const file of callers)
    expect([file, /\buseMay\(|<OnlyWhoMay\b/.test(textOf(file))]).toEqual([file, true])
})

it('the dialogs and the buttons that open them ask it for them', () => {
  for (const file of [
    'dialogs/vm-dialogs.tsx',
    'check/repair-dialogs.tsx',
    'backups/backup-dialogs.tsx',
    'many/many-bar.tsx',
  ])
    expect([file, textOf(file).match(/<OnlyWhoMay\b/g)?.length]).toEqual([file, 2])
  // One around both.
  expect(textOf('shares/share-button.tsx')).toMatch(
    /<OnlyWhoMay act="share.create">[^]*<Button[^]*<ShareDialog[^]*<\/OnlyWhoMay>/,
  )
  // One around each pair.
  expect(
    textOf('notifications/channel-buttons.tsx').match(
      /<OnlyWhoMay act="notification\.(?:save|remove)">\s*<Button/g,
    ),
  ).toHaveLength(3)
  expect(textOf('notifications/channel-buttons.tsx').match(/<Button\b/g)).toHaveLength(3)
})
