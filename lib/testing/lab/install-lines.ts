import { readFileSync } from 'node:fs'
import { type Distribution, type Tool } from './tools.ts'

export const BACKPORTS_FILE = '/etc/apt/sources.list.d/keyframe-backports.sources'
export const BACKPORTS_SUITE = 'bookworm-backports'

export type System = { distribution: Distribution | undefined; isBookworm: boolean }

/** What /etc/os-release says, relatives counted with their family. */
export function parseSystem(osRelease: string): System {
  const value = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? ''
  const names = [value('ID'), ...value('ID_LIKE').split(' ')]
  const known = ['ubuntu', 'debian', 'fedora', 'arch'] as const
  const own = known.find((name) => names[0] === name) ?? known.find((name) => names.includes(name))
  return { distribution: own, isBookworm: names[0] === 'debian' && value('VERSION_CODENAME') === 'bookworm' }
}

export function thisSystem(): System {
  try {
    return parseSystem(readFileSync('/etc/os-release', 'utf8'))
  } catch {
    return { distribution: undefined, isBookworm: false }
  }
}

export function backportsSource(mirror: string): string {
  return `# Added by Keyframe: Debian 12's own libvirt (9.0) can't revert to external snapshots. Delete this file to undo.
Types: deb
URIs: ${mirror}
Suites: ${BACKPORTS_SUITE}
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`
}

export function packagesOf(tools: Tool[], distribution: Distribution): string[] {
  return [...new Set(tools.flatMap((tool) => tool.packages[distribution]))]
}

const INSTALL: Record<Distribution, string> = {
  debian: 'sudo apt-get install -y --no-install-recommends',
  ubuntu: 'sudo apt-get install -y --no-install-recommends',
  fedora: 'sudo dnf install -y',
  arch: 'sudo pacman -S --needed --noconfirm',
}

/** The line that a person types, for their own distribution first. */
export function installLines(tools: Tool[], system: System): string {
  const title: Record<Distribution, string> = {
    debian: 'Debian',
    ubuntu: 'Ubuntu',
    fedora: 'Fedora',
    arch: 'Arch',
  }
  const order: Distribution[] = ['debian', 'ubuntu', 'fedora', 'arch']
  const line = (distribution: Distribution, bookworm: boolean) => {
    const backports = bookworm && tools.some((tool) => tool.fromBackports)
    const suite = `echo 'deb http://deb.debian.org/debian ${BACKPORTS_SUITE} main' | sudo tee /etc/apt/sources.list.d/keyframe-backports.list && sudo apt-get update && `
    return `  ${title[distribution]}${bookworm ? ' 12' : ''}:  ${backports ? suite : ''}${INSTALL[distribution]}${backports ? ` -t ${BACKPORTS_SUITE}` : ''} ${packagesOf(tools, distribution).join(' ')}`
  }
  const lines = order.flatMap((distribution) =>
    distribution === 'debian'
      ? [line('debian', true), line('debian', false).replace('Debian:', 'Debian 13:')]
      : [line(distribution, false)],
  )
  const mine =
    system.distribution &&
    lines.find(
      (text) =>
        text.trim().startsWith(title[system.distribution!]) && text.includes(' 12:') === system.isBookworm,
    )
  return mine
    ? `Run this line:\n${mine.replace(/^.*?: {2}/, '  ')}`
    : `Run the line of your distribution:\n${lines.join('\n')}`
}
