import type { Rolldown } from 'tsdown'

const STUB = `export class AjvJsonSchemaValidator {
  getValidator() {
    throw new Error('answers to elicitations are not checked: this server asks for none')
  }
}`

/**
 * Leaves a JSON Schema validator out of the MCP server. The SDK loads it at every start, for the answers to elicitations, of which our server
 * makes none; it is a third of the program's text.
 */
export const WITHOUT_AJV: Rolldown.Plugin = {
  name: 'without-ajv',
  load(id) {
    return /@modelcontextprotocol[\\/]sdk[\\/].*validation[\\/]ajv-provider\.js$/.test(id) ? STUB : null
  },
}
