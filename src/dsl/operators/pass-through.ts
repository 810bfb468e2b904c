import type { Operator, OperatorContext } from '../../processor/operator.ts'

/** Where streams come together. Kafka Streams: PassThrough.java. */
export function passThrough(): Operator<unknown, unknown> {
  return new PassThrough()
}

class PassThrough implements Operator<unknown, unknown> {
  readonly forwardsItsRecord = true
  #context!: OperatorContext<unknown, unknown>

  init(context: OperatorContext<unknown, unknown>): void {
    this.#context = context
  }

  process(key: unknown, value: unknown): void {
    this.#context.forward(key, value)
  }
}
