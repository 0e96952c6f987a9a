import { type CommonArgs, directoryOf, type Handler } from '../context.js'

/** Serves the MCP protocol on stdin and stdout until the client hangs up. */
export const mcpServe: Handler<CommonArgs> = async (io, args) => {
  const { serveProcess } = await import('@pcc/mcp-server')
  return serveProcess({ env: io.env, cwd: directoryOf(io, args), nativeBinding: io.nativeBinding })
}
