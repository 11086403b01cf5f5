/** @type {import('next').NextConfig} */
export default {
  // Demo and tests build into folders of their own, so that neither serves the other's build.
  distDir: process.env.KEYFRAME_DIST || '.next',
  transpilePackages: ['node-libvirt'],
  serverExternalPackages: ['@node-rs/argon2', 'openworkflow'],
  poweredByHeader: false,
  reactStrictMode: true,
  // The builds of the demo and the tests leave types to `npm run types`, which `npm test` runs beside them.
  typescript: { ignoreBuildErrors: Boolean(process.env.KEYFRAME_DIST) },
}
