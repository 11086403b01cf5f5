import type { MetadataRoute } from 'next'

/** What a phone needs to install Keyframe as an app; browsers ask for it without a session. */
export default function manifest(): MetadataRoute.Manifest {
  return {
    name: 'Keyframe',
    short_name: 'Keyframe',
    description: 'Live snapshots, backups, merge and revert for libvirt VMs',
    start_url: '/backups',
    scope: '/',
    display: 'standalone',
    background_color: '#f5f6f8',
    theme_color: '#4150c4',
    id: '/',
    icons: [
      { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' },
      // Drawn from it by e2e/draw-icons.ts: not every launcher takes SVG.
      { src: '/icons/192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
      { src: '/icons/512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
      { src: '/icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    ],
  }
}
