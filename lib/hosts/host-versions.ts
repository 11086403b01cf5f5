/** Whether a version such as "11.3.0" is older; not where it is not known (""). */
export function isOlder(version: string, wantedMajor: number, wantedMinor: number): boolean {
  if (version === '') return false
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor)
}

/** What an older libvirt can't do, a sentence each (LIBVIRT.md, “Versions”). `version` as "11.3.0". */
export function versionWarnings(version: string): string[] {
  const older = (major: number, minor: number) => isOlder(version, major, minor)
  if (older(9, 0))
    return [
      `libvirt ${version} can neither revert to nor delete external snapshots: that needs 9.9. Merging works.`,
    ]
  if (older(9, 9)) return [`libvirt ${version} can't revert to external snapshots: that needs 9.9.`]
  return []
}
