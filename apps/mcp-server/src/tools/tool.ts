import type { HotDeps } from '@pcc/coordinator/hot'
import type { z } from 'zod'

/** What a tool works with. */
export interface ToolContext {
  /** Runs with the database open and the calling session registered. */
  use<T>(work: (deps: HotDeps) => Promise<T>): Promise<T>
  /** The directory that relative paths are meant from. */
  directory: string
  /** The agent's process, else this one; the session is found at it or above it. */
  pid: number
}

/** Claims about a tool's behaviour that clients use to decide whether to ask and what may run side by side. */
export interface ToolAnnotations {
  readOnlyHint: boolean
  destructiveHint: boolean
  idempotentHint: boolean
  openWorldHint: boolean
}

export interface ToolDefinition<I extends z.ZodObject, O extends z.ZodObject> {
  name: string
  title: string
  /** When to use it, when not, and what to do on a "no". */
  description: string
  input: I
  output: O
  annotations: ToolAnnotations
  /** True shows its schema to the model from the start, where the client would first only show its name. */
  alwaysLoad?: true
  run(context: ToolContext, input: z.output<I>): Promise<z.input<O>>
}

/** A tool as the server holds it. */
export type Tool = Omit<ToolDefinition<z.ZodObject, z.ZodObject>, 'run'> & {
  run(context: ToolContext, input: unknown): Promise<Record<string, unknown>>
}

/** Joins a tool's types; what goes in and out is checked against its schemas. */
export function tool<I extends z.ZodObject, O extends z.ZodObject>(definition: ToolDefinition<I, O>): Tool {
  return {
    ...definition,
    async run(context, input) {
      const result = await definition.run(context, definition.input.parse(input))
      return definition.output.parse(result)
    },
  }
}

/** A tool that only looks. */
export const LOOKS: ToolAnnotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
}

/** A tool that notes something, and takes nothing away that cannot be had again. */
export const NOTES: ToolAnnotations = { ...LOOKS, readOnlyHint: false }
