/** Where a VM's pages are. Components take null in its place on a share link, whose reader has no way to them. */
export interface VmPlace {
  host: string
  vm: string
}
