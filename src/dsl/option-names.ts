/** The options of the DSL's operators, by name; see src/topology/check-options.ts. */
import { checkOptions, consumedOptions, namedOptions, producedOptions } from '../topology/check-options.ts'
import type { OptionNames } from '../topology/check-options.ts'
import type { Named } from '../topology/options.ts'
import type { AnyMaterialized } from './materialized.ts'
import type {
  Grouped,
  Joined,
  Materialized,
  Printed,
  Repartitioned,
  StreamJoined,
  Suppression,
  TableJoined,
} from './options.ts'
import type { Branched } from './streams.ts'

export const materializedOptions: OptionNames<Materialized<unknown, unknown>> = {
  store: true,
  key: true,
  value: true,
  caching: true,
  logging: true,
  retention: true,
}

const tables: OptionNames<Named & Materialized<unknown, unknown>> = { ...namedOptions, ...materializedOptions }

const tableJoined: OptionNames<TableJoined<unknown, unknown> & Materialized<unknown, unknown>> = {
  ...tables,
  partitioner: true,
  otherPartitioner: true,
}

export const streamJoinedOptions: OptionNames<StreamJoined<unknown, unknown, unknown>> = {
  ...namedOptions,
  key: true,
  value: true,
  otherValue: true,
  store: true,
  thisStore: true,
  otherStore: true,
  logging: true,
}

export const groupedOptions: OptionNames<Grouped<unknown, unknown>> = { ...namedOptions, key: true, value: true }

export const repartitionedOptions: OptionNames<Repartitioned<unknown, unknown>> = {
  ...producedOptions,
  partitions: true,
}

export const printedOptions: OptionNames<Printed<unknown, unknown>> = {
  ...namedOptions,
  label: true,
  to: true,
  format: true,
}

export const branchedOptions: OptionNames<Branched<unknown, unknown>> = {
  ...namedOptions,
  withFunction: true,
  withConsumer: true,
}

export const joinedOptions: OptionNames<Joined<unknown, unknown, unknown>> = {
  ...namedOptions,
  key: true,
  value: true,
  otherValue: true,
  grace: true,
}

const suppression: OptionNames<Suppression & { readonly whenFull?: string }> = {
  ...namedOptions,
  until: true,
  maxRecords: true,
  maxBytes: true,
  whenFull: true,
  logging: true,
}

export const tableOptions: object = { ...consumedOptions, ...materializedOptions }

export function checkNamed<O extends Named>(operator: string, options: O): O {
  return checkOptions(operator, options, namedOptions)
}

export function checkTable<O extends Named & AnyMaterialized>(operator: string, options: O): O {
  return checkOptions(operator, options, tables)
}

export function checkTableJoined<O extends Named & AnyMaterialized>(operator: string, options: O): O {
  return checkOptions(operator, options, tableJoined)
}

export function checkSuppression(operator: string, options: Suppression): Suppression {
  return checkOptions(operator, options, suppression)
}
