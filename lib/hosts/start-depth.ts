/**
 * Layers with which libvirt still starts a VM. It takes any number of live snapshots, but with one layer more the VM does
 * not start again once it was stopped: "failed to parse JSON: nesting too deep" (measured with libvirt 11.3.0 and QEMU 10.0.2:
 * 25 layers start, 26 do not; 70 live snapshots were taken without a word).
 */
export const START_LAYERS_MAXIMUM = 25

/** libvirt's own words when it starts a deeper chain. */
export const isTooDeepToStart = (message: string): boolean => /nesting too deep/i.test(message)
