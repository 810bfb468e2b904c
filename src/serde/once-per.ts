/**
 * What is made of the same inner serde in the same way is one object: where streams come together, their serdes are
 * compared by identity.
 */
export function oncePer<R>(made: WeakMap<object, unknown>, of: object, make: () => R): R {
  if (!made.has(of)) made.set(of, make())
  return made.get(of) as R
}
