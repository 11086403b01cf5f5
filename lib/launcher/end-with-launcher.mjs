// Loaded before a script that the launcher runs. A process that is killed with SIGKILL can end nothing that it began, so what it began
// looks for itself: otherwise a server that nobody sees any more holds the port and the data.

import { readFileSync } from 'node:fs'

/** How the launcher runs a script; taken out of the environment here, so that it holds for no process that the script starts. */
export const LAUNCHED_BY = 'KEYFRAME_LAUNCHED_BY'

const LOOK_EVERY_MS = 400
/** An orderly end gets this long. */
const ORDERLY_MS = 1_200

const how = process.env[LAUNCHED_BY]
delete process.env[LAUNCHED_BY]

/** Calls `end` when npm, which began this process, is gone. Begun by a service manager or a shell it may outlive them. */
export function watchParent(end) {
  if (!process.env.npm_lifecycle_event) return
  // npm runs a script through a shell, which outlives it.
  const above = () => `${process.ppid} ${parentOf(process.ppid)}`
  const first = above()
  const timer = setInterval(() => {
    if (above() === first) return
    clearInterval(timer)
    end()
  }, LOOK_EVERY_MS)
  timer.unref()
}

/** The parent of a process; null where that can't be told. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
  } catch {
    return null
  }
}

function endSoon() {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), ORDERLY_MS)
}

if (how === 'execve') watchParent(endSoon)
if (how === 'spawn' && process.channel) {
  process.on('disconnect', endSoon)
  // A listener would keep a script alive that is done.
  process.channel.unref()
}
