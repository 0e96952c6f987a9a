import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { type ApiRequest, readRequest } from './request.js'
import { sendAnswer, sendFailure, sendJson } from './stream.js'
import type { Answer, Failure, Turn } from './turns.js'

/**
 * An imitation of the Messages API on loopback that answers by script. A test tags a prompt (`[[alpha]] do it`) and scripts the
 * answers to that tag, so that several clients can talk to one API at once. A subagent has a script of its own, found by the tag
 * of its prompt. A request that no script is left for is recorded and answered with a plain end of turn, so that nothing hangs.
 */
export interface ScriptedApi {
  /** For `ANTHROPIC_BASE_URL`. */
  readonly url: string
  /** Everything that was asked, in order. */
  readonly requests: readonly ApiRequest[]
  /** Appends turns to the script of a tag. */
  script(tag: string, turns: readonly Turn[]): void
  /** Appends turns for the subagents whose prompt carries the tag. */
  scriptAgent(tag: string, turns: readonly Turn[]): void
  /** How many turns of a tag nobody has asked for yet. */
  turnsLeft(tag: string): number
  /** The requests for answers that a tag's conversations made, those of subagents included. */
  requestsOf(tag: string): ApiRequest[]
  /** The requests for answers for which nothing was scripted. */
  unexpected(): ApiRequest[]
  /** All text that reached the model of a tag without coming from it, each text once, in order. */
  textsSentToModel(tag: string): string[]
  /** Ends all connections and the server. Done by itself when the running test ends. */
  close(): Promise<void>
}

type Scripts = Map<string, Turn[]>

const NOTHING_SCRIPTED: Answer = { text: 'Nothing is scripted for this request.' }

function append(scripts: Scripts, tag: string, turns: readonly Turn[]): void {
  scripts.set(tag, [...(scripts.get(tag) ?? []), ...turns])
}

/** Takes the next turn of the script that the request belongs to. */
function takeTurn(scripts: Scripts, request: ApiRequest): Answer | Failure | undefined {
  const script = scripts.get(request.tag ?? '') ?? []
  const next = script[0]
  if (next === undefined) return undefined
  const turn = typeof next === 'function' ? next(request.texts) : next
  if (!('forever' in turn && turn.forever)) script.shift()
  return turn
}

async function hold({ gate, delayMs }: Answer | Failure): Promise<void> {
  if (delayMs !== undefined) await wait(delayMs)
  if (gate !== undefined) await gate.pass()
}

class Api implements ScriptedApi {
  readonly requests: ApiRequest[] = []
  url = ''
  readonly #scripts: Scripts = new Map()
  readonly #agentScripts: Scripts = new Map()
  readonly #server = createServer((incoming, response) => {
    this.#answer(incoming, response).catch((error: unknown) => response.destroy(error as Error))
  })

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  script(tag: string, turns: readonly Turn[]): void {
    append(this.#scripts, tag, turns)
  }

  scriptAgent(tag: string, turns: readonly Turn[]): void {
    append(this.#agentScripts, tag, turns)
  }

  turnsLeft(tag: string): number {
    return (this.#scripts.get(tag) ?? []).length + (this.#agentScripts.get(tag) ?? []).length
  }

  requestsOf(tag: string): ApiRequest[] {
    return this.requests.filter((request) => request.tag === tag && request.answeredBy !== 'service')
  }

  unexpected(): ApiRequest[] {
    return this.requests.filter((request) => request.answeredBy === 'nothing scripted')
  }

  textsSentToModel(tag: string): string[] {
    return [...new Set(this.requestsOf(tag).flatMap((request) => request.texts))]
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming)
    const number = this.requests.push(request)
    const path = request.url.split('?')[0]
    if (path === '/v1/messages' && request.method === 'POST') {
      const turn = takeTurn(request.agentId === undefined ? this.#scripts : this.#agentScripts, request)
      request.answeredBy = turn === undefined ? 'nothing scripted' : 'script'
      const chosen = turn ?? NOTHING_SCRIPTED
      await hold(chosen)
      if ('status' in chosen) sendFailure(response, chosen)
      else await sendAnswer(response, chosen, { number, model: request.model })
    } else if (path === '/v1/messages/count_tokens') {
      sendJson(response, 200, { input_tokens: Math.ceil(request.texts.join('').length / 4) })
    } else if (path === '/api/hello') {
      sendJson(response, 200, { message: 'hello' })
    } else {
      sendFailure(response, { status: 404, message: `no such path: ${path}` })
    }
  }
}

/** Starts an API on a free port of the loopback interface; it ends with the running test. */
export async function startScriptedApi(): Promise<ScriptedApi> {
  const api = new Api()
  await api.listen()
  onTestFinished(() => api.close())
  return api
}
