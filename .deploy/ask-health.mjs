// Ends with 1 when Keyframe gives no answer to several questions. For any Node >= 18. An answer that says that hosts are down
// or VMs unprotected is one: a restart would help neither.
const TRIES = 4
const ANSWER_LIMIT_MS = 10_000
const PAUSE_MS = 10_000

const { HOST = '127.0.0.1', PORT = '3000' } = process.env
const everywhere = { '0.0.0.0': '127.0.0.1', '::': '::1' }
const host = everywhere[HOST] ?? HOST
const address = `http://${host.includes(':') ? `[${host}]` : host}:${PORT || 3000}/api/health`

let why
for (let attempt = 1; attempt <= TRIES; attempt++) {
  try {
    await (
      await fetch(address, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS), redirect: 'manual' })
    ).arrayBuffer()
    process.exit(0)
  } catch (error) {
    why = error.cause?.message ?? error.message
  }
  if (attempt < TRIES) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
}
console.error(`keyframe: ${address} gave no answer to ${TRIES} questions: ${why}`)
process.exit(1)
