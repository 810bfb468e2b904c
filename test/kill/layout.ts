/** Sizes and time-outs that the instances, the load and the checks of a kill test share. */

export const applicationId = 'kill-test'
export const instanceCount = 3
export const partitionCount = 4
export const sessionTimeoutMs = 6000
export const transactionTimeoutMs = 10_000
/** `transaction.abort.timed.out.transaction.cleanup.interval.ms`: how often a broker looks for transactions to abort. */
export const brokerSweepMs = 10_000

/** The sub-topology behind the repartition topic; the other one reads the input. */
export const countingSubTopology = '1'

export const taskCount: number = 2 * partitionCount
