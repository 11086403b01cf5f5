export interface Ready {
  port: number
  /** null: that of the file does not fit any more. */
  password: string | null
  socketPath: string
  wasRunning: boolean
}

/** Where the demo is, and how one gets in. */
export function readyLines({ port, password, socketPath }: Ready): string[] {
  const address = `Keyframe is ready: http://127.0.0.1:${port}`
  return [
    password === null ? `${address}  (user admin)` : `${address}  (user admin, password ${password})`,
    ...(password === null ? ['The password was changed since. `npm run demo -- --reset` starts over.'] : []),
    `Its libvirt: virsh -c 'qemu:///session?socket=${socketPath}'`,
  ]
}
