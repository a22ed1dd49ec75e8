// Whether this container's service may be given work: exits 0 or 1, and says why not.
const port = process.env.PORT ?? 8000
try {
  const answer = await fetch(`http://127.0.0.1:${port}/health/ready`, {
    signal: AbortSignal.timeout(4000),
  })
  if (!answer.ok) {
    process.stderr.write(`${answer.status} ${(await answer.text()).slice(0, 500)}\n`)
    process.exitCode = 1
  }
} catch (error) {
  const { message, cause } = error
  process.stderr.write(`${message} ${cause instanceof Error ? cause.message : ''}\n`)
  process.exitCode = 1
}
