// Beside the app that runs: prints whether the password in this file is still that of the user admin.
import { readFileSync } from 'node:fs'
import { closeStore, openStoreBeside } from '../../lib/store/store.ts'
import { adminPasswordFits } from './admin-password-fits.ts'

const [file = ''] = process.argv.slice(2)
await openStoreBeside()
process.stdout.write((await adminPasswordFits(readFileSync(file, 'utf8'))) ? 'fits' : 'changed')
await closeStore()
