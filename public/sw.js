// Keyframe's service worker: what a device shows while Keyframe can't be reached (README, "On a phone").
// Nothing is answered from here while the server answers: a page of Keyframe is true, or says how old it is.

const PAGES = 'keyframe-pages'
const STYLES = 'keyframe-styles'
const MAXIMUM_PAGES = 30
/** What a proxy says for a Keyframe that does not answer. */
const AWAY = new Set([502, 503, 504])
/** The list, a VM, and the pages of backups: what one looks up on the way. */
const KEPT = /^\/(?:backups|hosts\/[^/]+\/vms\/[^/]+(?:\/backups)?)?$/

/** Counts the sign-outs: what was asked for before one must not be kept after it. */
let epoch = 0

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return
  // A share link is for whoever holds it, wherever it is opened: nothing of it is kept.
  if (event.request.mode === 'navigate' && !/^\/(?:s|api|setup)\//.test(url.pathname))
    event.respondWith(page(event, url))
  else if (url.pathname.startsWith('/_next/static/') && url.pathname.endsWith('.css'))
    event.respondWith(
      fetch(event.request).catch(
        async (error) => (await caches.match(event.request, { cacheName: STYLES })) ?? Promise.reject(error),
      ),
    )
})

self.addEventListener('message', (event) => {
  if (event.data?.type === 'forget') event.waitUntil(forget())
  if (event.data?.type === 'keep') event.waitUntil(keepAnew(event.data.path).catch(() => undefined))
})

async function page(event, url) {
  const began = epoch
  let response
  try {
    response = await fetch(event.request)
  } catch {
    return (await kept(url)) ?? offline()
  }
  if (AWAY.has(response.status)) return (await kept(url)) ?? response
  if (mayKeep(url, response)) event.waitUntil(keep(url, response.clone(), began).catch(() => undefined))
  return response
}

const mayKeep = (url, response) =>
  response.status === 200 &&
  !response.redirected &&
  response.type === 'basic' &&
  url.search === '' &&
  KEPT.test(url.pathname) &&
  (response.headers.get('content-type') ?? '').startsWith('text/html')

/** A page that was reached by a link within the app, which is no navigation: read once more for the time without a connection. */
async function keepAnew(path) {
  const began = epoch
  const url = new URL(path, self.location.origin)
  if (url.origin !== self.location.origin || !KEPT.test(url.pathname)) return
  url.search = ''
  const response = await fetch(url, { headers: { accept: 'text/html' } })
  if (mayKeep(url, response)) await keep(url, response, began)
}

async function keep(url, response, began) {
  const text = await response.text()
  const styles = await caches.open(STYLES)
  const wanted = new Set(
    [...text.matchAll(/"(\/_next\/static\/[^"\\]+\.css)[^"\\]*"/g)].map((match) => match[1]),
  )
  for (const request of await styles.keys())
    if (wanted.size > 0 && !wanted.has(new URL(request.url).pathname)) await styles.delete(request)
  for (const path of wanted) if (!(await styles.match(path))) await styles.add(path)
  const pages = await caches.open(PAGES)
  await pages.delete(url.pathname)
  if (began !== epoch) return
  await pages.put(
    url.pathname,
    new Response(text, {
      headers: { 'content-type': 'text/html; charset=utf-8', 'x-kept-at': String(Date.now()) },
    }),
  )
  if (began !== epoch) return forget()
  const keys = await pages.keys()
  await Promise.all(keys.slice(0, Math.max(0, keys.length - MAXIMUM_PAGES)).map((key) => pages.delete(key)))
}

/** Signed out: nothing of what was shown stays on the device. */
async function forget() {
  epoch++
  await caches.delete(PAGES)
}

/** The page as it was, without its scripts, below a word on its age; undefined when it was not kept. */
async function kept(url) {
  // Of a search nothing is kept: the whole list would stand under its address.
  const found =
    url.search === '' && KEPT.test(url.pathname)
      ? await caches.match(url.pathname, { cacheName: PAGES })
      : undefined
  if (!found) return undefined
  const keptAt = Number(found.headers.get('x-kept-at'))
  const text = (await found.text())
    .replace(/<script\b[^>]*>[^]*?<\/script>/gi, '')
    .replace(/<link\b[^>]*\bas="script"[^>]*>/gi, '')
  const note = `<div role="status" style="position:sticky;top:0;z-index:60;padding:10px 16px;background:#7a5000;color:#fff;font-size:15px">Keyframe can’t be reached. This is as it was <strong>${ago(keptAt)}</strong>, at ${moment(keptAt)}. Nothing can be done from here.</div>`
  const style = '<style>main button, header form, .vm-choice { display: none !important }</style>'
  return html(text.replace('</head>', `${style}</head>`).replace(/<body\b[^>]*>/, (body) => body + note))
}

/** Instead of a page that was not kept: which were. */
async function offline() {
  const pages = await caches.open(PAGES)
  const rows = await Promise.all(
    (await pages.keys()).reverse().map(async (request) => {
      const keptAt = Number((await pages.match(request)).headers.get('x-kept-at'))
      const path = new URL(request.url).pathname
      return `<li><a href="${escape(path)}">${escape(nameOf(path))}</a> <small>as it was ${ago(keptAt)}</small></li>`
    }),
  )
  const list =
    rows.length > 0
      ? `<p>Kept on this device:</p><ul>${rows.join('')}</ul>`
      : '<p>No page is kept on this device.</p>'
  return html(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Keyframe can’t be reached</title><style>
:root { color-scheme: light dark; --page: #f5f6f8; --ink: #14171c; --muted: #58616d; --accent: #4150c4 }
@media (prefers-color-scheme: dark) { :root { --page: #0f1215; --ink: #e5e8ec; --muted: #9ba5b1; --accent: #9aa6ff } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 0 auto; padding: 2rem 1rem; background: var(--page); color: var(--ink) }
h1 { font-size: 1.25rem } a { display: inline-block; padding: .6rem 0; color: var(--accent); overflow-wrap: anywhere } small { color: var(--muted) } ul { padding: 0; list-style: none }
</style></head><body><main><h1>Keyframe can’t be reached</h1><p>Either this device has no connection, or Keyframe does not answer. This page tries again by itself. <a href="">Try now</a></p>${list}</main></body></html>`)
}

/**
 * Runs in the page that stands in for Keyframe's. It comes back as soon as Keyframe answers: "online" is only a hint, it
 * may come before the first request gets through. The slow reload keeps what the page says of its age true.
 */
const AGAIN = `
let leaving = false
addEventListener('beforeunload', () => { leaving = true; setTimeout(() => { leaving = false }, 10_000) })
const seen = () => document.visibilityState === 'visible' && !leaving
const reload = () => { if (seen()) location.reload() }
const ask = () => {
  if (!seen()) return
  fetch('/manifest.webmanifest', { method: 'HEAD', cache: 'no-store' }).then(({ ok }) => { if (ok) reload() }, () => {})
}
addEventListener('online', ask)
document.addEventListener('visibilitychange', ask)
setInterval(ask, 3_000)
setInterval(reload, 30_000)
`

/** Status 200: a browser may put its own page in the place of an error's. Of scripts only the one above runs. */
function html(text) {
  const nonce = crypto.randomUUID()
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`
  return new Response(text.replace('</body>', `<script nonce="${nonce}">${AGAIN}</script></body>`), {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': policy,
    },
  })
}

const escape = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

function nameOf(path) {
  if (path === '/') return 'VMs'
  if (path === '/backups') return 'Backups'
  const [, , host, , vm, backups] = path.split('/').map(decodeURIComponent)
  return `${vm} on ${host}${backups ? ': backups' : ''}`
}

const moment = (atMs) =>
  new Date(atMs).toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  })

function ago(atMs) {
  const minutes = Math.floor((Date.now() - atMs) / 60_000)
  if (minutes < 1) return 'less than a minute ago'
  if (minutes < 60) return minutes === 1 ? '1 minute ago' : `${minutes} minutes ago`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return hours === 1 ? '1 hour ago' : `${hours} hours ago`
  return `${Math.floor(hours / 24)} days ago`
}
