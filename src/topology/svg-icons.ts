/** Icons of what nodes do, drawn with strokes in a box of 16 by 16, and which operator has which. */
const icons = {
  source: 'M2 8h8M7 5l3 3-3 3M10 2.5h3.5v11H10',
  sink: 'M6 2.5H2.5v11H6M6 8h8M11 5l3 3-3 3',
  topic: 'M2 4h12v8H2zM5 4v8M8 4v8M11 4v8',
  store: 'M3 4c0-2.6 10-2.6 10 0v8c0 2.6-10 2.6-10 0zM3 4c0 2.6 10 2.6 10 0M3 8c0 2.6 10 2.6 10 0',
  filter: 'M2 3h12L9.5 8.5V13L6.5 11.5v-3z',
  map: 'M2 5h9M8.5 2.5L11 5 8.5 7.5M14 11H5M7.5 8.5L5 11l2.5 2.5',
  flatmap: 'M2 8h4M6 8l5-5h3M6 8h8M6 8l5 5h3',
  key: 'M5.5 6.5a3 3 0 1 0 .01 0M7.5 7.5L14 2M11.5 4l2 2',
  aggregate: 'M12 4V2.5H4L8 8l-4 5.5h8V12',
  join: 'M6 3.5a4.5 4.5 0 1 0 .01 0M10 3.5a4.5 4.5 0 1 0 .01 0',
  merge: 'M3 2v3c0 3 5 2 5 6v3M13 2v3c0 3-5 2-5 6',
  branch: 'M8 2v3c0 4-5 3-5 6v3M8 5c0 4 5 3 5 6v3',
  wait: 'M4 2h8M4 14h8M5 2c0 3.5 6 4.5 6 8.5V14M11 2c0 3.5-6 4.5-6 8.5V14',
  eye: 'M1.5 8c3-5 10-5 13 0-3 5-10 5-13 0zM8 6.3a1.7 1.7 0 1 0 .01 0',
  process: 'M5.5 4L2 8l3.5 4M10.5 4L14 8l-3.5 4M9 3L7 13',
  table: 'M2 3h12v10H2zM2 6.3h12M2 9.6h12M6 3v10',
} as const

type IconName = keyof typeof icons

const rules: readonly (readonly [pattern: RegExp, icon: IconName])[] = [
  [/^topic$/, 'topic'],
  [/^store$/, 'store'],
  [/^table-source$|totable/, 'table'],
  [/source$/, 'source'],
  [/sink$/, 'sink'],
  [/filter/, 'filter'],
  [/key-select|table-select/, 'key'],
  [/flatmap/, 'flatmap'],
  [/map|transform|tostream/, 'map'],
  [/aggregate|reduce|count|cogroup-agg/, 'aggregate'],
  [/merge/, 'merge'],
  [/join|windowed|outer/, 'join'],
  [/branch/, 'branch'],
  [/suppress/, 'wait'],
  [/peek|foreach|print/, 'eye'],
]

/** `operator`: of a node, or `topic`, `store`, `source`, `processor`, `sink`. */
export function iconOf(operator: string): string {
  return icons[rules.find(([pattern]) => pattern.test(operator))?.[1] ?? 'process']
}
