// A proxy may hand requests on under another Host than the browser's Origin names; Next then refuses every form.
const proxied = URL.canParse(process.env.KEYFRAME_URL ?? '') ? [new URL(process.env.KEYFRAME_URL).host] : []

/** @type {import('next').NextConfig} */
export default {
  // Demo and tests build into folders of their own, so that neither serves the other's build.
  distDir: process.env.KEYFRAME_DIST || '.next',
  transpilePackages: ['node-libvirt'],
  serverExternalPackages: ['@node-rs/argon2', 'openworkflow'],
  poweredByHeader: false,
  reactStrictMode: true,
  // authInterrupts: a page that a role may not read answers 403 with app/forbidden.tsx.
  experimental: {
    serverActions: { allowedOrigins: proxied, bodySizeLimit: '1mb' },
    proxyClientMaxBodySize: '1mb',
    authInterrupts: true,
  },
  // Nothing uses Next's image optimiser, which would decode images for anybody who asks.
  images: { unoptimized: true },
  // Next would send some readers the title late, in the body: what unfurls a pasted share link reads the head alone.
  htmlLimitedBots: /.*/,
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        // Of files. Pages get theirs, with a nonce, in proxy.ts.
        {
          key: 'Content-Security-Policy',
          value:
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
        },
        {
          key: 'Permissions-Policy',
          value:
            'camera=(), display-capture=(), geolocation=(), hid=(), microphone=(), midi=(), payment=(), serial=(), usb=()',
        },
        // Another port of this machine is the same site, but not the same origin: it gets no hold of our windows and files.
        { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
        { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
        { key: 'X-Content-Type-Options', value: 'nosniff' },
        { key: 'Referrer-Policy', value: 'same-origin' },
      ],
    },
    {
      // Share links: known to who was given them, and to nobody else.
      source: '/s/:path*',
      headers: [
        { key: 'Referrer-Policy', value: 'no-referrer' },
        { key: 'X-Robots-Tag', value: 'noindex, nofollow, noarchive' },
      ],
    },
  ],
  // The builds of the demo and the tests leave types to `npm run types`, which `npm test` runs beside them.
  typescript: { ignoreBuildErrors: Boolean(process.env.KEYFRAME_DIST) },
}
