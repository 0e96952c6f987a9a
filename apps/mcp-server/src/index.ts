export { serveProcess } from './process.js'
export { serve } from './serve.js'
export { SERVER_NAME } from './server.js'
export type { ServerIo } from './server-io.js'
