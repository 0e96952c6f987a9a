import { Writable } from 'node:stream'

/**
 * Takes stdout for the protocol: what this returns writes there, and whatever else in this process writes to stdout, `console.log` of a
 * dependency included, lands on stderr, since one stray line would break the client.
 */
export function takeStdout(): Writable {
  const write = process.stdout.write.bind(process.stdout)
  const protocol = new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _encoding, done) => void write(chunk, (error) => done(error)),
  })
  process.stdout.on('error', (error) => protocol.destroy(error))
  process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write
  return protocol
}
