/** Shows what Node tells of the process in a registry, under the names that prom-client has for it. */
import { availableMemoryBytes } from '../../common/memory.ts'
import type { MetricsRegistry } from '../../common/metrics.ts'
import type { ProcessMonitor } from '../../common/process-monitor.ts'
import { processMetrics } from './catalogue.ts'

export function showProcess(registry: MetricsRegistry, monitor: ProcessMonitor): Disposable {
  let memory = process.memoryUsage()
  let delay = monitor.loopDelay
  const limit = availableMemoryBytes()
  const shown = [
    monitor.hold(),
    registry.beforeRead(() => {
      memory = process.memoryUsage()
      delay = monitor.loopDelay
    }),
    registry.observe(processMetrics.cpu, {}, () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    }),
    registry.observe(processMetrics.startTime, {}, () => monitor.startedAtSeconds),
    registry.observe(processMetrics.memoryLimit, {}, () => limit),
    registry.observe(processMetrics.rss, {}, () => memory.rss),
    registry.observe(processMetrics.heapUsed, {}, () => memory.heapUsed),
    registry.observe(processMetrics.heapTotal, {}, () => memory.heapTotal),
    registry.observe(processMetrics.external, {}, () => memory.external),
    registry.observe(processMetrics.arrayBuffers, {}, () => memory.arrayBuffers),
    registry.observe(processMetrics.loopDelayP50, {}, () => delay.p50Ms / 1000),
    registry.observe(processMetrics.loopDelayP99, {}, () => delay.p99Ms / 1000),
    registry.observe(processMetrics.loopDelayMax, {}, () => delay.maxMs / 1000),
    registry.observe(processMetrics.loopUtilization, {}, () => monitor.loopUtilization),
    ...[...monitor.gc].map(([kind, histogram]) => registry.show(processMetrics.gc, { kind }, histogram)),
  ]
  return {
    [Symbol.dispose]: () => {
      for (const each of shown) each[Symbol.dispose]()
    },
  }
}
