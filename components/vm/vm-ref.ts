/** The VM that a dialog acts on. */
export interface VmRef {
  host: string
  uuid: string
  name: string
}
