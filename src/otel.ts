/** The public door of `millrace/otel`: metrics for OpenTelemetry. Needs the package `@opentelemetry/api`. */
export { observeStreams, type ObserveOptions } from './server/observe-streams.ts'
