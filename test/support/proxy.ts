/** A line between the program and PostgreSQL that can be cut at a commit: before it arrives, or before its answer does. */
import { connect, createServer, type Socket } from 'node:net'

export interface CuttingProxy {
  url: string
  /** The next commits in order: each is let through, lost on its way, or carried out while its answer is lost. */
  plan(...cuts: ('pass' | 'lost' | 'answer-lost')[]): void
  /** Commits seen. */
  commits(): number
  close(): Promise<void>
}

/** The simple query as the driver sends it. */
const commit = Buffer.from('Q\0\0\0\x0bcommit\0', 'latin1')

export async function cuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  const target = new URL(databaseUrl)
  let cuts: ('pass' | 'lost' | 'answer-lost')[] = []
  let seen = 0
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      open.add(socket)
      socket.on('error', () => {}).on('close', () => open.delete(socket))
    }
    upstream.on('close', () => client.destroy())
    let isCut = false
    client.on('close', () => !isCut && upstream.destroy())
    client.on('data', (data) => {
      if (isCut) return
      if (!data.includes(commit)) return void upstream.write(data)
      seen += 1
      const cut = cuts.shift() ?? 'pass'
      if (cut === 'lost') return void client.destroy()
      if (cut === 'answer-lost') {
        isCut = true
        // Once the server has answered it has committed; the program hears nothing of it.
        let answer = ''
        upstream.on('data', (chunk) => {
          answer += chunk.toString('latin1')
          if (/COMMIT\0|ROLLBACK\0/.test(answer)) {
            upstream.destroy()
            client.destroy()
          }
        })
      }
      upstream.write(data)
    })
    upstream.on('data', (data) => !isCut && client.write(data))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = new URL(databaseUrl)
  url.port = String((server.address() as { port: number }).port)
  return {
    url: url.toString(),
    plan: (...next) => {
      cuts = next
    },
    commits: () => seen,
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}
