import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { perProcess } from '../server/per-process.ts'

export interface HostSetting {
  /** What addresses and records use. */
  name: string
  /** libvirt connection URI. */
  uri: string
}

export interface Settings {
  hosts: HostSetting[]
  /** Absolute. */
  dataDirectory: string
  /** File of the one key from which all others are derived, absolute; null: `secret` in the data directory. */
  secretFile: string | null
  /** For the first start only. */
  adminPassword: string | null
  port: number
  host: string
  /** Address that browsers use, without a slash at its end. */
  url: string
  /** The same for links that leave this machine; null where it listens on loopback or everywhere and nobody has said how it is reached. */
  publicUrl: string | null
  /** Browsers are asked to take https for the names below that of `url`, too. */
  hstsSubdomains: boolean
  /** Merges and other copying jobs that run at once on one host; the rest waits in its queue. */
  jobsPerHost: number
  /** Addresses and nets of the proxies in front: only what they write in X-Forwarded-For counts. */
  trustedProxies: string[]
  /** Names, addresses and nets that notifications may go to; null: everywhere. */
  notifyAllow: string[] | null
}

/** An environment variable that can't be used; the message names it and says what it may be. */
export class SettingsError extends Error {
  override name = 'SettingsError'
}

const DEFAULT_LIBVIRT_URI = 'qemu:///system'
const DEFAULT_PORT = 3000
const DEFAULT_JOBS_PER_HOST = 4
const JOBS_PER_HOST_MAXIMUM = 200
export const ADMIN_PASSWORD_MIN_CHARACTERS = 8
/** Of signing in, too (lib/access/password.ts): a longer one would lock its owner out. */
const ADMIN_PASSWORD_MAX_CHARACTERS = 512
/** Listening on every address is none that a browser can open. */
const EVERY_ADDRESS: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
const LOOPBACK = /^(127\.|::1$|localhost$)/

type Environment = Record<string, string | undefined>

/** Reads all settings. Throws SettingsError. */
export function parseSettings(env: Environment): Settings {
  const port = parsePort(env.PORT)
  const host = parseHost(env.HOST)
  const givenUrl = parseUrl(env.KEYFRAME_URL)
  return {
    hosts: parseHosts(env.LIBVIRT_URI),
    // The comment is for Turbopack: it would take the whole project for files that the server needs at run time.
    dataDirectory: resolve(/*turbopackIgnore: true*/ env.KEYFRAME_DATA || './data'),
    secretFile: env.KEYFRAME_SECRET_FILE ? resolve(/*turbopackIgnore: true*/ env.KEYFRAME_SECRET_FILE) : null,
    adminPassword: parseAdminPassword(readAdminPassword(env)),
    port,
    host,
    jobsPerHost: parseJobsPerHost(env.KEYFRAME_JOBS_PER_HOST),
    trustedProxies: parseTrustedProxies(env.KEYFRAME_TRUSTED_PROXIES),
    hstsSubdomains: parseYes('KEYFRAME_HSTS_SUBDOMAINS', env.KEYFRAME_HSTS_SUBDOMAINS),
    notifyAllow: parseNotifyAllow(env.KEYFRAME_NOTIFY_ALLOW),
    url: givenUrl ?? localUrl(EVERY_ADDRESS[host] ?? host, port),
    publicUrl: givenUrl ?? (host in EVERY_ADDRESS || LOOPBACK.test(host) ? null : localUrl(host, port)),
  }
}

const localUrl = (host: string, port: number) => `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`

/** `name=uri,uri,…`; a comma inside a URI is written %2C. */
function parseHosts(text: string | undefined): HostSetting[] {
  const entries = (text?.trim() ? text : DEFAULT_LIBVIRT_URI)
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const hosts: HostSetting[] = []
  for (const entry of entries) {
    const named = /^([a-z0-9-]+)=(.*)$/s.exec(entry)
    if (!named && /^[^:/?]*=/.test(entry))
      throw new SettingsError(
        `LIBVIRT_URI: a host's name may have a-z, 0-9 and "-" only, but "${entry.slice(0, entry.indexOf('='))}" does not.`,
      )
    const uri = (named?.[2] ?? entry).replaceAll(/%2c/gi, ',')
    const parts = /^[a-z0-9]+(?:\+[a-z0-9]+)?:\/\/([^/?]*)/i.exec(uri)
    if (!parts)
      throw new SettingsError(
        `LIBVIRT_URI: "${uri}" is not a libvirt connection URI such as qemu:///system or rack1=qemu:///session.`,
      )
    if (named && hosts.some((host) => host.name === named[1]))
      throw new SettingsError(
        `LIBVIRT_URI: two hosts are called "${named[1]}"; each needs a name of its own.`,
      )
    hosts.push({ name: named?.[1] ?? freeName(defaultName(parts[1] ?? ''), hosts, entries), uri })
  }
  if (hosts.length === 0)
    throw new SettingsError(
      'LIBVIRT_URI names no host: give at least one connection URI, such as qemu:///system.',
    )
  return hosts
}

function defaultName(authority: string): string {
  const host = authority
    .replace(/^.*@/, '')
    .replace(/:\d+$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return host || 'local'
}

function freeName(wanted: string, hosts: HostSetting[], entries: string[]): string {
  const given = new Set([
    ...hosts.map((host) => host.name),
    ...entries.flatMap((entry) => /^([a-z0-9-]+)=/.exec(entry)?.[1] ?? []),
  ])
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`
    if (!given.has(name)) return name
  }
}

function parsePort(text: string | undefined): number {
  if (!text) return DEFAULT_PORT
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new SettingsError(`PORT is "${text}": it must be a number from 1 to 65535.`)
  return port
}

function parseJobsPerHost(text: string | undefined): number {
  if (!text) return DEFAULT_JOBS_PER_HOST
  const jobs = Number(text)
  if (!/^\d+$/.test(text) || jobs < 1 || jobs > JOBS_PER_HOST_MAXIMUM)
    throw new SettingsError(
      `KEYFRAME_JOBS_PER_HOST is "${text}": it must be a number from 1 to ${JOBS_PER_HOST_MAXIMUM}.`,
    )
  return jobs
}

function parseYes(name: string, text: string | undefined): boolean {
  if (text && text !== 'yes' && text !== 'no')
    throw new SettingsError(`${name} is "${text}": it must be yes or no.`)
  return text === 'yes'
}

const listOf = (text: string | undefined) =>
  (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

function isAddressOrNet(entry: string): boolean {
  const [net = '', bits, more] = entry.split('/')
  const family = isIP(net)
  return (
    family !== 0 &&
    more === undefined &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32)))
  )
}

function parseTrustedProxies(text: string | undefined): string[] {
  const entries = listOf(text)
  for (const entry of entries)
    if (!isAddressOrNet(entry))
      throw new SettingsError(
        `KEYFRAME_TRUSTED_PROXIES: "${entry}" is neither an address nor a net, such as 127.0.0.1 or 10.0.0.0/8.`,
      )
  return entries
}

function parseNotifyAllow(text: string | undefined): string[] | null {
  const entries = listOf(text)
  for (const entry of entries) {
    if (!isAddressOrNet(entry) && !/^(?:\*\.)?(?=.*[a-z])[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(entry))
      throw new SettingsError(
        `KEYFRAME_NOTIFY_ALLOW: "${entry}" is no name, address or net, such as ntfy.sh, *.example.org or 10.0.0.0/8.`,
      )
  }
  return entries.length === 0 ? null : entries
}

function parseHost(text: string | undefined): string {
  const host = text || '127.0.0.1'
  if (isIP(host) === 0 && !/^[a-z0-9.-]+$/i.test(host))
    throw new SettingsError(
      `HOST is "${host}": it must be an address or name to listen on, such as 127.0.0.1 or 0.0.0.0.`,
    )
  return host
}

/** From a file where one is named, so that it need not stand among the variables of a service. */
function readAdminPassword(env: Environment): string | undefined {
  if (!env.KEYFRAME_ADMIN_PASSWORD_FILE) return env.KEYFRAME_ADMIN_PASSWORD
  try {
    return readFileSync(/*turbopackIgnore: true*/ env.KEYFRAME_ADMIN_PASSWORD_FILE, 'utf8').replace(
      /\r?\n$/,
      '',
    )
  } catch (error) {
    throw new SettingsError(`KEYFRAME_ADMIN_PASSWORD_FILE can't be read: ${(error as Error).message}`)
  }
}

function parseAdminPassword(text: string | undefined): string | null {
  if (!text) return null
  if ([...text].length < ADMIN_PASSWORD_MIN_CHARACTERS)
    throw new SettingsError(
      `KEYFRAME_ADMIN_PASSWORD is too short: at least ${ADMIN_PASSWORD_MIN_CHARACTERS} characters.`,
    )
  if (text.length > ADMIN_PASSWORD_MAX_CHARACTERS)
    throw new SettingsError(
      `KEYFRAME_ADMIN_PASSWORD is too long: at most ${ADMIN_PASSWORD_MAX_CHARACTERS} characters.`,
    )
  return text
}

function parseUrl(text: string | undefined): string | null {
  if (!text) return null
  const url = URL.canParse(text) ? new URL(text) : null
  if (
    !url ||
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    (url.pathname !== '/' && url.pathname !== '') ||
    url.search ||
    url.hash
  ) {
    throw new SettingsError(
      `KEYFRAME_URL is "${text}": it must be the address that browsers use, such as https://keyframe.example.org, without a path.`,
    )
  }
  return url.origin
}

const shared = perProcess<{ settings?: Settings }>('settings/settings', () => ({}))

/** The settings of this process, read once. Throws SettingsError. */
export function settings(): Settings {
  return (shared.settings ??= parseSettings(process.env))
}

/** For tests that change the environment: it is read again. */
export function forgetSettings(): void {
  delete shared.settings
}
