/** A key together with the window that it is counted in. */
export interface Window {
  readonly start: number
  readonly end: number
}

export interface Windowed<K> {
  readonly key: K
  readonly window: Window
}
