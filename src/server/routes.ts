/** What the HTTP server of an instance answers: one document per path, read anew for every request. */
import { plainJson } from '../common/plain-json.ts'
import { prometheusContentType } from '../common/prometheus.ts'
import type { InstanceView } from '../runtime/instance-view.ts'
import { liveness, readiness, readinessAlone, type Health } from './health.ts'

/** What the routes look at. */
export interface Served {
  readonly view: InstanceView
  /** Metrics in Prometheus' text format. */
  readonly metrics: () => string | Promise<string>
}

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface Route {
  /** Answered without a token, and then with nothing but the status: probes of an orchestrator have none. */
  readonly isProbe: boolean
  readonly answer: (served: Served, isTrusted: boolean) => Answer | Promise<Answer>
}

const jsonContentType = 'application/json; charset=utf-8'

export const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ['/livez', { isProbe: true, answer: ({ view }) => probe(liveness(view)) }],
  [
    '/readyz',
    { isProbe: true, answer: ({ view }, isTrusted) => probe((isTrusted ? readiness : readinessAlone)(view)) },
  ],
  [
    '/metrics',
    guarded(async ({ metrics }) => ({ status: 200, contentType: prometheusContentType, body: await metrics() })),
  ],
  ['/v1/status', guarded(({ view }) => json(200, view.status()))],
  ['/v1/topology', guarded(({ view }) => json(200, view.topology()))],
  ['/v1/tasks', guarded(({ view }) => json(200, view.tasks()))],
  ['/v1/errors', guarded(({ view }) => json(200, view.errors()))],
])

export function json(status: number, document: object): Answer {
  return { status, contentType: jsonContentType, body: `${plainJson(document)}\n` }
}

function guarded(answer: (served: Served) => Answer | Promise<Answer>): Route {
  return { isProbe: false, answer }
}

function probe({ isWell, document }: Health): Answer {
  return json(isWell ? 200 : 503, document)
}
