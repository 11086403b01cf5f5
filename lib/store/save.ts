/** `npm run save -- FOLDER`, with the variables and as the user that Keyframe runs with, which may run meanwhile: a copy of Keyframe's own data. */
import { masterKeyPath } from '../secrets/master-key.ts'
import { settings } from '../settings/settings.ts'
import { saveData } from './save-data.ts'

try {
  const [folder, ...more] = process.argv.slice(2)
  if (folder === undefined || more.length > 0)
    throw new Error('Name one folder for the copy: npm run save -- FOLDER')
  const warning = saveData(settings().dataDirectory, folder, masterKeyPath(settings()))
  process.stdout.write(
    `keyframe: saved to ${folder}: the database and the key, as of one instant. Jobs that are under way are not part of a copy. Whoever can read the folder has the key.\n`,
  )
  if (warning !== null) process.stderr.write(`keyframe: ${warning}\n`)
} catch (error) {
  process.stderr.write(`keyframe: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
