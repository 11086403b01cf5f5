/** There is nothing at this address, and whoever asks for it is a program: it gets no page to sign in at. */
const nothing = (): Response =>
  Response.json(
    { message: 'There is nothing at this address.' },
    { status: 404, headers: { 'cache-control': 'no-store' } },
  )

export { nothing as GET, nothing as POST, nothing as PUT, nothing as PATCH, nothing as DELETE }
