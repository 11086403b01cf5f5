import type { MetadataRoute } from 'next'

/** What a phone needs to install Keyframe as an app; browsers ask for it without a session. */
export default function manifest(): MetadataRoute.Manifest {
  return {
    name: 'Keyframe', short_name: 'Keyframe', description: 'Live snapshots, backups, merge and revert for libvirt VMs', start_url: '/backups', scope: '/', display: 'standalone',
    background_color: '#f5f6f8', theme_color: '#4150c4', icons: [{ src: '/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' }],
  }
}
