/** What an instance that runs one task answers to `/v1/status`, as far as commands look into it. */
export const sampleStatus = {
  schemaVersion: 1,
  applicationId: 'word-count',
  state: 'RUNNING',
  uptimeMs: 1000,
  threads: [{ taskIds: ['0_0'] }],
  tasks: { running: 1, restoring: 0, assigned: 0 },
  restore: { remaining: 0, etaMs: null },
  lag: null,
  lastCommitAgeMs: 5,
  errors: { total: 0, last: null },
  process: { rssBytes: 1, eventLoopDelayP99Ms: 1 },
}
