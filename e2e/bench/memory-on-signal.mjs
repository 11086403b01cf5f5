/** Loaded into the app by `node --import`: on SIGUSR2 collects garbage and writes what memory is in use to KEYFRAME_MEMORY_FILE. */
import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
let count = 0
process.on('SIGUSR2', () => {
  for (let time = 0; time < 4; time++) collect()
  writeFileSync(
    process.env.KEYFRAME_MEMORY_FILE,
    JSON.stringify({ ...process.memoryUsage(), count: ++count }),
  )
})
